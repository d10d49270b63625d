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
import { type Least, laps, leastOf, peakMiB, repeated, rounded } from "./timing.ts";

const PROMPT = [1, 2, 3];
/** Time for proofs, and for verifications or runs of the integer model; and how many at least and at most, after one that warms up. */
const PROOFS = [12_000, 3, 8] as const;
const OTHERS = [2_000, 5, 40] as const;

export interface DecoderRow extends Point, Counts {
  /** The greedy continuation, token after token, in exact integers: `runDecoder`. */
  readonly run: Least;
  /** Tables that depend on the positions: a part of `run`, and not of proving or the pass. */
  readonly tables: Least;
  /** All positions of the finished text at once. */
  readonly pass: Least;
  readonly commitMs: number;
  /** From the prompt to the proof. */
  readonly prove: Least;
  /** Wall time, of the fastest proof. */
  readonly phasesMs: Readonly<Record<string, number>>;
  readonly verify: Least;
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
    const proofs = await repeated(() => proveTokens(key, PROMPT, count, { backend }), ...PROOFS);
    const { proof, report, statement } = proofs.reduce((a, b) => (b.ms < a.ms ? b : a)).value;
    const tables = transformerTables(program, positions);
    const read = [...statement.prompt, ...statement.generated].slice(0, positions);
    const { plan } = prepareKey(key.verifying);
    const { rowBits, blowup, queries } = key.verifying.parameters;
    return {
      ...point,
      ...countsOf(key.verifying.system, plan),
      run: await leastTime(() => runDecoder({ program }, PROMPT, count)),
      tables: await leastTime(() => transformerTables(program, positions)),
      pass: await leastTime(() => new IntegerTransformer(program, positions, tables).read(read)),
      commitMs: rounded(commitMs),
      prove: leastOf(proofs),
      phasesMs: Object.fromEntries(Object.entries(report.seconds).map(([phase, s]) => [phase, rounded(1000 * s)])),
      verify: await leastTime(() => verify(key.verifying, proof)),
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

async function leastTime(work: () => unknown): Promise<Least> {
  return leastOf(await repeated(async () => work(), ...OTHERS));
}
