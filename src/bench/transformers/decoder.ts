/** One point: a random decoder, calibrated on the text that it writes, committed, run, proven and verified. */
import { cpuBackend } from "../../backend/cpu/index.ts";
import { commitDecoder, proveTokens, runDecoder } from "../../decoder.ts";
import { calibrate } from "../../model/transformer/calibrate.ts";
import { continueGreedily, FloatTransformer } from "../../model/transformer/float.ts";
import { IntegerTransformer } from "../../model/transformer/integer.ts";
import { transformerTables } from "../../model/transformer/integer-run.ts";
import { quantizeTransformer } from "../../model/transformer/quantize.ts";
import { type ProofPart, proofSizes } from "../../proof/sizes.ts";
import { smallDecoder } from "../../testing/decoder.ts";
import { prepareKey, verify } from "../../verifier/verify.ts";
import { configOf, type Point } from "./points.ts";
import { type Counts, countsOf } from "./system.ts";
import { best, type Lap, laps, peakMiB, rounded } from "./timing.ts";

const PROMPT = [1, 2, 3];
/** Proofs after one that warms up: as many as this time has room for, but no fewer and no more than that. */
const PROVING_MS = 12_000;
const [LEAST_PROOFS, MOST_PROOFS] = [3, 8];
/** Verifications, and runs of the integer model, after one that warms up. */
const REPEAT = 5;

/** Milliseconds are wall time of the fastest of the runs; processor milliseconds those of all threads in that run. */
export interface DecoderRow extends Point, Counts {
  /** The greedy continuation, token after token, in exact integers: `runDecoder`. */
  readonly runMs: number;
  readonly runProcessorMs: number;
  /** Tables that depend on the positions: a part of `runMs`, and of proving none, since the key has them. */
  readonly tablesMs: number;
  /** All positions of the finished text at once, with tables. */
  readonly passMs: number;
  readonly passProcessorMs: number;
  readonly commitMs: number;
  readonly proveMs: number;
  readonly provesMs: readonly number[];
  readonly proveProcessorMs: number;
  readonly phasesMs: Readonly<Record<string, number>>;
  readonly verifyMs: number;
  readonly proofBytes: number;
  readonly parts: readonly ProofPart[];
  readonly bits: number;
  readonly rowBits: number;
  readonly blowup: number;
  readonly queries: number;
  /** W of every commitment. */
  readonly widths: readonly number[];
  /** Of the process, from the random weights to the last verification. */
  readonly peakMiB: number;
  readonly backend: string;
}

export async function measureDecoder(point: Point): Promise<DecoderRow> {
  const positions = point.tokens - 1;
  const count = point.tokens - PROMPT.length;
  const float = smallDecoder(configOf(point));
  const writer = new FloatTransformer(float);
  const text = continueGreedily((token) => writer.step(token), PROMPT, count);
  const program = quantizeTransformer(float, calibrate(float, [text]), "random");
  const backend = await cpuBackend();
  try {
    const { value: key, ms: commitMs } = await laps(() => commitDecoder({ name: "random", program }, positions, { backend }));
    const prove = () => laps(() => proveTokens(key, PROMPT, count, { backend }));
    const { ms: first } = await prove();
    const proofs = [];
    const repeat = Math.min(MOST_PROOFS, Math.max(LEAST_PROOFS, Math.floor(PROVING_MS / first)));
    for (let k = 0; k < repeat; k++) proofs.push(await prove());
    const { value: proven, ms: proveMs, processorMs } = best(proofs);
    const { proof, report, statement } = proven;
    const tables = transformerTables(program, positions);
    const read = [...statement.prompt, ...statement.generated].slice(0, positions);
    const run = await fastest(() => runDecoder({ program }, PROMPT, count));
    const pass = await fastest(() => new IntegerTransformer(program, positions, tables).read(read));
    const { plan } = prepareKey(key.verifying);
    const { rowBits, blowup, queries } = key.verifying.parameters;
    return {
      ...point,
      ...countsOf(key.verifying.system, plan),
      runMs: rounded(run.ms),
      runProcessorMs: rounded(run.processorMs),
      tablesMs: rounded((await fastest(() => transformerTables(program, positions))).ms),
      passMs: rounded(pass.ms),
      passProcessorMs: rounded(pass.processorMs),
      commitMs: rounded(commitMs),
      proveMs: rounded(proveMs),
      provesMs: proofs.map((p) => rounded(p.ms)),
      proveProcessorMs: rounded(processorMs),
      phasesMs: Object.fromEntries(Object.entries(report.seconds).map(([phase, s]) => [phase, rounded(1000 * s)])),
      verifyMs: rounded((await fastest(() => verify(key.verifying, proof))).ms),
      proofBytes: proof.length,
      parts: proofSizes(key.verifying, proof),
      bits: rounded(report.bits),
      rowBits,
      blowup,
      queries,
      widths: plan.layouts.map((l) => l.width),
      peakMiB: peakMiB(),
      backend: backend.name,
    };
  } finally {
    await backend.close();
  }
}

async function fastest(work: () => unknown): Promise<Lap<unknown>> {
  work();
  const all = [];
  for (let k = 0; k < REPEAT; k++) all.push(await laps(async () => work()));
  return best(all);
}
