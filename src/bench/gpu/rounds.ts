/**
 * A sumcheck round whose challenge stays on the device (bind, sums, absorb, draw) against the same round in launches with a read-back: bind; sums; reduce;
 * read back; absorb and draw on the host; upload the challenge. Two tables, degree 2.
 */
import type { Column, Scalar, Session } from "../../backend/backend.ts";
import { Sponge } from "../../backend/host.ts";
import { type WebGpuBackend, webgpuBackend } from "../../backend/webgpu/index.ts";
import { permute } from "../../hash/poseidon2.ts";
import { describeError, type Part, type Row, round } from "./context.ts";
import { median, perCall } from "./timing.ts";
import { randomScalars, randomTable } from "./words.ts";

const TAG = 7;
const DEGREE = 2;
const ALTERNATIONS = 5;

/** One session with operands for sizes up to 2^bits. */
interface Operands {
  readonly session: Session;
  readonly tables: readonly [Column, Column];
  readonly weight: Scalar;
}

function operands(backend: WebGpuBackend, bits: number): Operands {
  const session = backend.open();
  const [weight] = randomScalars(session, 1, 1);
  return { session, tables: [randomTable(session, bits, 10), randomTable(session, bits, 11)], weight: weight! };
}

const firstEntries = ({ session, tables }: Operands, length: number): Column[] => tables.map((table) => session.slice(table, 0, length));

/** A round on the device; returns the next challenge. */
function fusedRound(o: Operands, size: number, r: Scalar | null): Scalar {
  const tables = firstEntries(o, r === null ? size : 2 * size);
  const sums = o.session.productRound(size, tables, [{ tables: [0, 1], weight: o.weight }], [], DEGREE, r);
  o.session.send(TAG, [sums]);
  o.session.free(sums);
  return o.session.draw(1);
}

/** The same with the transcript on the host. */
async function splitRound(o: Operands, sponge: Sponge, size: number, r: Scalar | null): Promise<Scalar> {
  if (r !== null) o.session.bind(firstEntries(o, 2 * size), r);
  const sums = o.session.productRound(size, firstEntries(o, size), [{ tables: [0, 1], weight: o.weight }], [], DEGREE, null);
  const words = await o.session.read(sums);
  o.session.free(sums);
  sponge.send(TAG, [words]);
  return o.session.constants(Uint32Array.from(sponge.draw(1).flat()));
}

/** Seconds of one round of `size` entries on the device, among many. */
async function timeFused(backend: WebGpuBackend, bits: number): Promise<number> {
  const o = operands(backend, bits + 1);
  const probe = o.session.zeros(1, 4);
  let r = randomScalars(o.session, 1, 2)[0]!;
  const { seconds } = await perCall(async (calls) => {
    for (let k = 0; k < calls; k++) r = fusedRound(o, 2 ** bits, r);
    await o.session.read(probe);
  });
  o.session.end();
  return seconds;
}

/** Seconds of the same with the transcript on the host, one after the other. */
async function timeSplit(backend: WebGpuBackend, bits: number): Promise<number> {
  const o = operands(backend, bits + 1);
  const sponge = new Sponge(permute);
  let r = randomScalars(o.session, 1, 2)[0]!;
  const samples: number[] = [];
  const end = performance.now() + 500;
  for (let k = 0; k < 200 && (k < 4 || performance.now() < end); k++) {
    const start = performance.now();
    r = await splitRound(o, sponge, 2 ** bits, r);
    samples.push((performance.now() - start) / 1000);
  }
  o.session.end();
  return median(samples.slice(1));
}

/** Both ways through one round of `size` entries (tables of twice as many are bound first), in turn: other work on the machine meets both. */
async function oneRound(backend: WebGpuBackend, bits: number): Promise<Row> {
  const [together, apart]: [number[], number[]] = [[], []];
  for (let k = 0; k < ALTERNATIONS; k++) {
    together.push(await timeFused(backend, bits));
    apart.push(await timeSplit(backend, bits));
  }
  return {
    what: "one round",
    size: `2^${bits}`,
    fusedMicroseconds: round(1e6 * median(together)),
    launchesMicroseconds: round(1e6 * median(apart)),
    ratio: round(median(apart.map((seconds, k) => seconds / (together[k] ?? 0))), 3),
    best: round(Math.min(...apart) / Math.min(...together), 3),
  };
}

/** All rounds from 2^bits entries down, and the words that both ways send: they must be equal. */
async function wholeSumcheck(backend: WebGpuBackend, bits: number): Promise<Row> {
  const sizes = Array.from({ length: bits }, (_, k) => 2 ** (bits - k));
  const times: [number[], number[]] = [[], []];
  let before = { ...backend.counters };
  let counted = "";
  for (let repeat = 0; repeat < 4; repeat++) {
    const fused = operands(backend, bits);
    await fused.session.read(fused.session.slice(fused.tables[1], 0, 1));
    before = { ...backend.counters };
    let start = performance.now();
    let r: Scalar | null = null;
    for (const size of sizes) r = fusedRound(fused, size, r);
    const tape = await fused.session.tape();
    times[0].push(performance.now() - start);
    const { submissions, dispatches, readBacks } = backend.counters;
    counted = `${submissions - before.submissions} / ${dispatches - before.dispatches} / ${readBacks - before.readBacks}`;
    fused.session.end();
    const split = operands(backend, bits);
    await split.session.read(split.session.slice(split.tables[1], 0, 1));
    const sponge = new Sponge(permute);
    start = performance.now();
    r = null;
    for (const size of sizes) r = await splitRound(split, sponge, size, r);
    times[1].push(performance.now() - start);
    split.session.end();
    const sent = sponge.tape();
    if (sent.length !== tape.length || sent.length !== 4 * DEGREE * bits || sent.some((word, k) => word !== tape[k]))
      throw new Error("the two ways send different words");
  }
  const [together, apart] = [median(times[0].slice(1)), median(times[1].slice(1))];
  return {
    what: "whole sumcheck",
    size: `2^${bits}`,
    fusedMicroseconds: round(1e3 * together),
    launchesMicroseconds: round(1e3 * apart),
    ratio: round(apart / together, 3),
    best: round(Math.min(...times[1]) / Math.min(...times[0]), 3),
    submissionsDispatchesReadBacks: counted,
  };
}

export const rounds: Part = {
  name: "rounds",
  run: async ({ options, raw, add, skip, log }) => {
    const sizes = options.small ? [12, 16] : raw.isCpu ? [12, 16, 20] : [12, 16, 20, 24];
    const backend = await webgpuBackend({ adapter: options.provider });
    for (const bits of sizes) {
      for (const measure of [oneRound, wholeSumcheck]) {
        if (skip(`${measure.name} at 2^${bits}`)) break;
        try {
          add(await measure(backend, bits));
        } catch (error) {
          add({ what: measure.name, size: `2^${bits}`, error: describeError(error) });
        }
        log(`${measure.name} at 2^${bits}`);
      }
    }
    await backend.close();
  },
};
