/** A commitment of 2^22 and 2^25 coefficients, rate 1/2, as the prover makes it, and by part: encode, hash rows, tree. */
import type { Backend, Column, Session } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { webgpuBackend } from "../../backend/webgpu/index.ts";
import { describeError, type Part, type Row, round } from "./context.ts";
import { median } from "./timing.ts";
import { randomWords } from "./words.ts";

const BLOWUP = 1;
const TARGET_MILLISECONDS = 80;
/** Coefficients and rows, as powers of two. */
const SHAPES = [
  [22, 14],
  [25, 16],
  [25, 19],
] as const;

type Stage = "encode" | "hash rows" | "tree";

/** Queues the stages that are asked for; stages left out use `stand-ins` of the same size. Returns the tree's root. */
function queue(session: Session, matrix: Column, rowBits: number, stages: ReadonlySet<Stage>, standIn: Column): Column {
  const [rows, width] = [2 ** (rowBits + BLOWUP), matrix.length / 2 ** rowBits];
  const code = (j: number): Column => {
    const message = session.interleave(matrix, rowBits, j);
    const encoded = session.encode(message, BLOWUP);
    session.free(message);
    return encoded;
  };
  let digests = session.slice(standIn, 0, 2 * rows);
  const hasher = stages.has("hash rows") ? session.rowHasher(rows, width) : null;
  for (let j = 0; j < width; j += 8) {
    const own = stages.has("encode") ? [code(j), code(j + 4)] : [];
    hasher?.absorb(own[0] ?? session.slice(standIn, 0, rows), own[1] ?? session.slice(standIn, rows, rows));
    for (const column of own) session.free(column);
  }
  if (hasher !== null) digests = hasher.digests();
  const tree = stages.has("tree") ? session.merkle(digests) : null;
  const last = session.slice(tree ?? digests, 2, 2);
  return last;
}

/** Milliseconds of the stages, waited for once, and the root. */
async function time(
  backend: Backend,
  words: Uint32Array,
  rowBits: number,
  stages: readonly Stage[],
  repeats: number,
): Promise<{ milliseconds: number; root: string }> {
  const samples: number[] = [];
  let root = "";
  for (let repeat = 0; repeat <= repeats; repeat++) {
    const session = backend.open();
    const matrix = session.upload(words, 1);
    const standIn = session.interleave(matrix, rowBits + BLOWUP + 1, 0);
    await session.read(session.slice(standIn, 0, 1));
    const start = performance.now();
    root = (await session.read(queue(session, matrix, rowBits, new Set(stages), standIn))).join(",");
    if (repeat > 0 || repeats === 0) samples.push(performance.now() - start);
    session.end();
  }
  return { milliseconds: median(samples), root };
}

export const commitment: Part = {
  name: "commitment",
  run: async ({ options, raw, add, skip, log }) => {
    const cpu = await cpuBackend();
    // software compilers take minutes for kernels that choose between many pages, which the last shape needs there
    const shapes = options.small ? [[18, 10] as const] : raw.isCpu ? SHAPES.slice(0, 2) : SHAPES;
    for (const [bits, rowBits] of shapes) {
      if (skip(`2^${bits} coefficients in 2^${rowBits} rows`)) break;
      const words = randomWords(2 ** bits, 3);
      const repeats = raw.isCpu ? (bits > 22 ? 0 : 2) : 5;
      const backend = await webgpuBackend({ adapter: options.provider });
      try {
        const whole = await time(backend, words, rowBits, ["encode", "hash rows", "tree"], repeats);
        const onCpu = await time(cpu, words, rowBits, ["encode", "hash rows", "tree"], 0);
        if (onCpu.root !== whole.root) throw new Error("the root is not the CPU backend's");
        const rows = 2 ** (rowBits + BLOWUP);
        const row: Record<string, Row[string]> = {
          coefficients: `2^${bits}`,
          rows: `2^${rowBits}`,
          milliseconds: round(whole.milliseconds),
          cpuMilliseconds: round(onCpu.milliseconds),
          cpuBackend: cpu.name,
          permutations: (rows * 2 ** (bits - rowBits)) / 8 + rows - 1,
          rootEqual: true,
        };
        for (const stage of ["encode", "hash rows", "tree"] as const) {
          if (raw.isCpu && bits > 22) continue;
          row[`${stage.replace(" r", "R")}Milliseconds`] = round((await time(backend, words, rowBits, [stage], repeats)).milliseconds);
        }
        if (bits === 25) row.underTarget = `${whole.milliseconds < TARGET_MILLISECONDS}: ${TARGET_MILLISECONDS} ms`;
        add(row);
      } catch (error) {
        add({ coefficients: `2^${bits}`, rows: `2^${rowBits}`, error: describeError(error) });
      }
      await backend.close();
      log(`2^${bits} coefficients in 2^${rowBits} rows`);
    }
    await cpu.close();
  },
};
