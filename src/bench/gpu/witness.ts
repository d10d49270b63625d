/** Witness generation: every integer verb of a network and of larger layers, with its operations, its bytes and a copy of as many; then made on the device or by the host. */
import type { Column, Session } from "../../backend/backend.ts";
import { toWords } from "../../backend/columns.ts";
import { webgpuBackend } from "../../backend/webgpu/index.ts";
import { computeWitness } from "../../model/device.ts";
import { loadModel } from "../../model/load.ts";
import { encodeInput, tensorBytes } from "../../statement/encoding.ts";
import { encodeUtf8 } from "../../statement/utf8.ts";
import type { ColumnId } from "../../system/types.ts";
import { cell, greatest, multiply, quotient, subtract, viewOf } from "../../tensor/integers.ts";
import type { IntTensor } from "../../tensor/tensor.ts";
import { type Context, type Part, type Row, round } from "./context.ts";
import { recordingSession, type VerbCall } from "./integer-verbs.ts";
import { median, perCall } from "./timing.ts";

const REPEATS = 7;

export const witness: Part = {
  name: "witness",
  run: async (context) => {
    const backend = await webgpuBackend({ adapter: context.options.provider });
    for (const name of ["lande", "mnist-small"]) {
      if (context.skip(name)) break;
      const { compiled, input } = await loadModel(name);
      const raw =
        input.kind === "tensor" ? tensorBytes(Array.from({ length: 784 }, (_, i) => (i * 37) % 256)) : encodeUtf8("un texte en français");
      const cells = { shape: compiled.program.input.shape, data: encodeInput(input, raw) };
      const weights = compiled.built.weights;
      await timeVerbs(context, backend.open(), name, async (session) => {
        await computeWitness(compiled, cells, session, weightsOn(session, weights));
      });
      for (const place of ["on the device", "by the host"] as const) {
        const samples: number[] = [];
        for (let k = 0; k <= REPEATS; k++) {
          const session = backend.open();
          const weight = weightsOn(session, weights);
          const probes = [...weights.keys()].map((id) => session.slice(weight(id), 0, 1));
          await Promise.all(probes.map((probe) => session.read(probe)));
          const start = performance.now();
          if (place === "on the device") await computeWitness(compiled, cells, session, weight);
          else await uploadWitness(session, compiled.witness(cells).columns);
          if (k > 0) samples.push(performance.now() - start); // the first one compiles
          session.end();
        }
        context.add({ of: name, verb: `all, ${place}`, microseconds: round(1000 * median(samples)) });
      }
    }
    for (const [name, make] of Object.entries(layers(context.options.small))) {
      if (context.skip(name)) break;
      await timeVerbs(context, backend.open(), name, make);
    }
    await backend.close();
  },
};

async function timeVerbs(
  { add, rates }: Context,
  session: Session,
  name: string,
  make: (session: Session) => Promise<void> | void,
): Promise<void> {
  const calls: VerbCall[] = [];
  await make(recordingSession(session, calls));
  const probe = session.zeros(1, 4);
  for (const { verb, cells, operations, bytes, repeat } of calls) {
    const { seconds, calls: repeated } = await perCall(async (count) => {
      for (let k = 0; k < count; k++) for (const column of repeat()) session.free(column);
      await session.read(probe); // after everything before it
    });
    const row: Row = {
      of: name,
      verb,
      cells,
      microseconds: round(1e6 * seconds),
      calls: repeated,
      operations,
      bytes,
      operationsPerSecond: round(operations / seconds),
      bytesPerSecond: round(bytes / seconds),
      ofCopy: round(bytes / seconds / (await rates.copy(bytes)), 2),
    };
    add(row);
  }
  session.end();
}

function weightsOn(session: Session, weights: ReadonlyMap<ColumnId, Int32Array>): (id: ColumnId) => Column {
  const uploaded = new Map([...weights].map(([id, values]) => [id, session.upload(toWords(values), 1)]));
  return (id) => {
    const column = uploaded.get(id);
    if (column === undefined) throw new Error(`no weight ${id}`);
    return column;
  };
}

/** Every column as words on the device, and a wait. */
async function uploadWitness(session: Session, columns: ReadonlyMap<ColumnId, IntTensor["data"]>): Promise<void> {
  const uploaded = [...columns.values()].map((values) => session.upload(toWords(values), 1));
  await session.read(session.slice(uploaded[0]!, 0, 1));
}

/** One call of a verb each; large ones fill a GPU. */
function layers(small: boolean): Record<string, (session: Session) => void> {
  const cells = (s: Session, n: number): Column =>
    s.upload(
      Uint32Array.from({ length: n }, (_, i) => (i * 7919) % 1021),
      1,
    );
  const [n, side, many] = small ? [512, 14, 2 ** 16] : [4096, 56, 2 ** 22];
  const rows = n / 64;
  return {
    [`matrix of ${n} x ${n} times a vector`]: (s) => {
      s.dot([n], [n], [viewOf(cells(s, n * n), [n, n]), viewOf(cells(s, n), [n], [1], 2)], null);
    },
    [`matrix of ${n / 4} x ${n / 4} times ${rows} vectors`]: (s) => {
      const m = n / 4;
      s.dot([rows, m], [m], [viewOf(cells(s, m * m), [m, m], [1, 2], 3), viewOf(cells(s, rows * m), [rows, m], [0, 2], 3)], null);
    },
    [`convolution of 3 x 3, 32 channels of ${side} x ${side} to 64`]: (s) => {
      const coordinates = [
        { size: 32, stride: side * side, offset: 0, steps: [0, 0, 0, 1, 0, 0] },
        { size: side, stride: side, offset: -1, steps: [0, 1, 0, 0, 1, 0] },
        { size: side, stride: 1, offset: -1, steps: [0, 0, 1, 0, 0, 1] },
      ];
      const image = { cells: cells(s, 32 * side * side), coordinates };
      s.dot([64, side, side], [32, 3, 3], [viewOf(cells(s, 64 * 32 * 9), [64, 32, 3, 3], [0, 3, 4, 5], 6), image], null);
    },
    [`rounding of ${many} cells`]: (s) => {
      const q = quotient(cell(0), 2 ** 9);
      s.map([many], [viewOf(cells(s, many), [many])], [], [q, greatest(q, 0), subtract(cell(0), multiply(q, 2 ** 9))]);
    },
    [`histogram of ${many} cells in 256`]: (s) => {
      s.histogram([cells(s, many)], 0, 256);
    },
    [`histogram of ${many} cells in 65536`]: (s) => {
      s.histogram([cells(s, many)], 0, 65536);
    },
    "largest of 32000": (s) => {
      s.largest([], [32000], viewOf(cells(s, 32000), [32000]));
    },
  };
}
