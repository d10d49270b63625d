/**
 * Witness generation on a WebGPU adapter: every verb of a network, and of larger layers, against the operations and bytes that it needs and against a plain copy
 * on the same adapter; then the witness phase of whole proofs, made on the device and by the host. Prints JSON. npx tsx src/bench/witness.bench.ts [--large]
 */
import { commit, prove as proveModel } from "../api.ts";
import type { Column, Session } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { computeWitness } from "../model/device.ts";
import { loadModel, type Model } from "../model/load.ts";
import { loadMnist } from "../model/mnist/data.ts";
import { encodeInput, tensorBytes } from "../statement/encoding.ts";
import type { ColumnId } from "../system/types.ts";
import { cell, greatest, multiply, quotient, subtract, viewOf } from "../tensor/integers.ts";
import { recordingSession, timeCall, type VerbCall } from "./integer-verbs.ts";

/** Large layers are for devices that run them in milliseconds. */
const LARGE = process.argv.includes("--large");
const PROOFS = 5;
const COPY = 2 ** 20;

const gpu = await webgpuBackend();
const cpu = await cpuBackend({ threads: 1 });
const digit = loadMnist("test").images.subarray(0, 784);
const networks = [
  { model: await loadModel("lande"), input: "Quanto costa il biglietto?", raw: new TextEncoder().encode("Quanto costa il biglietto?") },
  { model: await loadModel("mnist-small"), input: Array.from(digit), raw: tensorBytes(Array.from(digit)) },
];

const session = gpu.open();
const elements = session.zeros(COPY, 4);
const copyMs = await timeCall(session, () => session.free(session.lift(elements)));
const copyRate = (32 * COPY) / copyMs / 1e6;
session.end();

const rows: object[] = [];
for (const { model, raw } of networks) rows.push(...(await timeAll(model.name, (s) => witnessOf(model, raw, s))));
if (LARGE) for (const [name, make] of Object.entries(largeLayers())) rows.push(...(await timeAll(name, make)));

const phases: object[] = [];
for (const { model, input } of networks) {
  const key = await commit(model, { backend: cpu });
  for (const [label, backend] of [
    ["webgpu, on the device", gpu],
    ["webgpu, by the host", { ...gpu, witness: "host" as const }],
    ["cpu, by the host", cpu],
  ] as const) {
    const seconds: number[] = [];
    for (let k = 0; k <= PROOFS; k++) seconds.push((await proveModel(key, input, { backend })).report.seconds.witness);
    phases.push({
      network: model.name,
      witness: label,
      medianMs: round(1000 * seconds.slice(1).sort((a, b) => a - b)[Math.floor(PROOFS / 2)]!),
    });
  }
}
console.log(JSON.stringify({ adapter: gpu.name, copyGBps: round(copyRate), verbs: rows, phases }, null, 1));
await gpu.close();
await cpu.close();

async function timeAll(name: string, make: (session: Session) => Promise<void>): Promise<object[]> {
  const session = gpu.open();
  const calls: VerbCall[] = [];
  await make(recordingSession(session, calls));
  const out: object[] = [];
  for (const call of calls) {
    const ms = await timeCall(session, call.repeat);
    const { verb, cells, operations, bytes } = call;
    const rates = { Gops: round(operations / ms / 1e6), GBps: round(bytes / ms / 1e6), ofCopy: round(bytes / ms / 1e6 / copyRate) };
    out.push({ of: name, verb, cells, operations, bytes, ms: round(ms), ...rates });
  }
  session.end();
  return out;
}

async function witnessOf({ compiled, input }: Model, raw: Uint8Array, session: Session): Promise<void> {
  const uploaded = new Map<ColumnId, Column>();
  const weight = (id: ColumnId): Column => {
    const known = uploaded.get(id) ?? session.upload(toWords(compiled.built.weights.get(id) ?? new Int32Array()), 1);
    uploaded.set(id, known);
    return known;
  };
  await computeWitness(compiled, { shape: compiled.program.input.shape, data: encodeInput(input, raw) }, session, weight);
}

/** One call of a verb each, at sizes that fill a GPU. */
function largeLayers(): Record<string, (session: Session) => Promise<void>> {
  const cells = (s: Session, n: number): Column =>
    s.upload(
      Uint32Array.from({ length: n }, (_, i) => (i * 7919) % 1021),
      1,
    );
  return {
    "matrix 4096 x 4096 times a vector": async (s) => {
      s.dot([4096], [4096], [viewOf(cells(s, 2 ** 24), [4096, 4096]), viewOf(cells(s, 4096), [4096], [1], 2)], null);
    },
    "matrix 1024 x 1024 times 64 vectors": async (s) => {
      const [w, x] = [cells(s, 2 ** 20), cells(s, 2 ** 16)];
      s.dot([64, 1024], [1024], [viewOf(w, [1024, 1024], [1, 2], 3), viewOf(x, [64, 1024], [0, 2], 3)], null);
    },
    "convolution 3 x 3 of 32 channels of 56 x 56 to 64": async (s) => {
      const image = {
        cells: cells(s, 32 * 56 * 56),
        coordinates: [
          { size: 32, stride: 56 * 56, offset: 0, steps: [0, 0, 0, 1, 0, 0] },
          { size: 56, stride: 56, offset: -1, steps: [0, 1, 0, 0, 1, 0] },
          { size: 56, stride: 1, offset: -1, steps: [0, 0, 1, 0, 0, 1] },
        ],
      };
      s.dot([64, 56, 56], [32, 3, 3], [viewOf(cells(s, 64 * 32 * 9), [64, 32, 3, 3], [0, 3, 4, 5], 6), image], null);
    },
    "rounding of 2^22 cells": async (s) => {
      const q = quotient(cell(0), 2 ** 9);
      s.map([2 ** 22], [viewOf(cells(s, 2 ** 22), [2 ** 22])], [], [q, greatest(q, 0), subtract(cell(0), multiply(q, 2 ** 9))]);
    },
    "histogram of 2^22 cells in 256": async (s) => {
      s.histogram([cells(s, 2 ** 22)], 0, 256);
    },
    "histogram of 2^22 cells in 65536": async (s) => {
      s.histogram([cells(s, 2 ** 22)], 0, 65536);
    },
    "largest of 32000": async (s) => {
      s.largest([], [32000], viewOf(cells(s, 32000), [32000]));
    },
  };
}

function round(x: number): number {
  return Number(x.toPrecision(3));
}
