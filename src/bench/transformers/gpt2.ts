/**
 * The shape of GPT-2 (124 million parameters) with random weights: its constraint system over 16 positions as a whole, what a proof of it would have, the checks of key
 * generation, and a proof in segments that is made and verified.
 */
import { cpuBackend } from "../../backend/cpu/index.ts";
import { planSegments, proveSegments } from "../../decoder-segments.ts";
import { calibrate } from "../../model/transformer/calibrate.ts";
import { IntegerTransformer } from "../../model/transformer/integer.ts";
import { lowerTransformer } from "../../model/transformer/lower.ts";
import type { Transformer, TransformerConfig } from "../../model/transformer/model.ts";
import type { TransformerProgram } from "../../model/transformer/program.ts";
import { quantizeTransformer } from "../../model/transformer/quantize.ts";
import { sizesOf } from "../../prover/commit.ts";
import { chooseParameters } from "../../security/parameters.ts";
import { estimateProofBytes } from "../../security/size.ts";
import type { Parameters } from "../../security/types.ts";
import { verifySegments } from "../../segments/verify.ts";
import { checkNoWrap } from "../../system/bounds.ts";
import type { System } from "../../system/types.ts";
import { smallDecoder } from "../../testing/decoder.ts";
import { planSystem } from "../../verifier/plan.ts";
import { type Counts, countsOf } from "./system.ts";
import { type Lap, laps, peakMiB, rounded } from "./timing.ts";

export const GPT2: TransformerConfig = {
  layers: 12,
  width: 768,
  heads: 12,
  keyHeads: 12,
  headWidth: 64,
  hidden: 3072,
  vocabulary: 50257,
  epsilon: 1e-5,
  context: 1024,
  norm: "layer",
  normPlace: "before",
  attention: "causal",
  positions: { kind: "learned" },
  queryKeyNorm: false,
  activation: "gelu-tanh",
  gated: false,
  output: "logits",
};
const POSITIONS = 16;

/** Of the host: random weights, scales from a float run, integers from floats, the system, its sizes, the check that nothing wraps around, an integer pass over all positions. */
type StepName = "randomWeights" | "calibrate" | "quantize" | "lower" | "sizes" | "checkNoWrap" | "pass";
type Step = <T>(name: StepName, work: () => T) => Promise<T>;

export interface Gpt2Row {
  readonly weights: "random";
  readonly parameters: number;
  readonly positions: number;
  readonly seconds: Readonly<Record<string, Seconds>>;
  /** The whole model as one system, of which no proof is made here. */
  readonly whole: Counts & Expected;
  readonly segments: Segments;
  /** Of the process, the float weights included: before the proof in segments begins, and at the end. */
  readonly peakBeforeMiB: number;
  readonly peakMiB: number;
}

interface Seconds {
  readonly wall: number;
  /** Of all threads. */
  readonly processor: number;
}

interface Expected {
  readonly expectedProofBytes: number;
  readonly bits: number;
  readonly rowBits: number;
  readonly blowup: number;
  readonly queries: number;
  readonly widths: readonly number[];
}

interface Segments {
  readonly count: number;
  readonly plan: Seconds;
  /** All of it: the tokens, and of every segment the checks of its key, its commitment and its proof. */
  readonly prove: Seconds;
  readonly each: readonly (Counts &
    Expected & { readonly commitSeconds: number; readonly phases: Readonly<Record<string, number>>; readonly proofBytes: number })[];
  readonly proofBytes: number;
  readonly bits: number;
  readonly verifyMs: number;
  readonly backend: string;
}

/** Random weights; the head is the embedding, and is committed as a column of its own. */
function randomGpt2(): Transformer {
  const { head: _, ...model } = smallDecoder(GPT2, true);
  return { ...model, head: { weight: model.embedding } };
}

export async function measureGpt2(segments: number, log: (text: string) => void): Promise<Gpt2Row> {
  const seconds: Record<string, Seconds> = {};
  const step: Step = async (name, work) => {
    const lap = await laps(async () => work());
    const taken = secondsOf(lap);
    seconds[name] = taken;
    log(`${name}: ${taken.wall} s, processor ${taken.processor} s, ${peakMiB()} MiB`);
    return lap.value;
  };
  const prompt = Array.from({ length: POSITIONS }, (_, i) => (7919 * (i + 1)) % GPT2.vocabulary);
  const program = await (async () => {
    const float = await step("randomWeights", randomGpt2);
    const scales = await step("calibrate", () => calibrate(float, [prompt]));
    return step("quantize", () => quantizeTransformer(float, scales, "random weights in the shape of GPT-2"));
  })();
  const whole = await wholeOf(program, step);
  const reader = new IntegerTransformer(program, POSITIONS);
  await step("pass", () => reader.read(prompt));
  const peakBeforeMiB = peakMiB();
  const proven = await proveIn(segments, program, prompt, log);
  return {
    weights: "random",
    parameters: parametersOf(GPT2),
    positions: POSITIONS,
    seconds,
    whole,
    segments: proven,
    peakBeforeMiB,
    peakMiB: peakMiB(),
  };
}

/** Numbers in a file of such a model. */
function parametersOf({ layers, width, hidden, vocabulary, context }: TransformerConfig): number {
  const layer = 4 * width * (width + 1) + hidden * (width + 1) + width * (hidden + 1) + 4 * width;
  return (vocabulary + context) * width + layers * layer + 2 * width;
}

function secondsOf({ ms, processorMs }: Lap<unknown>): Seconds {
  return { wall: rounded(ms / 1000), processor: rounded(processorMs / 1000) };
}

async function wholeOf(program: TransformerProgram, step: Step): Promise<Gpt2Row["whole"]> {
  const { built } = await step("lower", () => lowerTransformer(program, POSITIONS));
  const sizes = await step("sizes", () => sizesOf(built.system));
  await step("checkNoWrap", () => checkNoWrap(built.system, built.weights, built.lengths));
  return expectedOf(built.system, chooseParameters(sizes.shape, sizes.cells));
}

function expectedOf(system: System, parameters: Parameters): Counts & Expected {
  const plan = planSystem(system, parameters);
  const widths = plan.layouts.map((l) => l.width);
  const { rowBits, blowup, queries } = parameters;
  return {
    ...countsOf(system, plan),
    expectedProofBytes: estimateProofBytes({ ...sizesOf(system).shape, widths }, parameters),
    bits: rounded(plan.soundness.bits),
    rowBits,
    blowup,
    queries,
    widths,
  };
}

async function proveIn(
  count: number,
  program: TransformerProgram,
  prompt: readonly number[],
  log: (text: string) => void,
): Promise<Segments> {
  const backend = await cpuBackend();
  try {
    const planned = await laps(async () => planSegments({ name: program.name, program }, POSITIONS, count));
    const plan = planned.value;
    log(`planned in ${count} segments`);
    const onSegment = (k: number) => log(`segment ${k + 1} begins, ${peakMiB()} MiB`);
    const made = await laps(() => proveSegments(plan, prompt, 1, { backend, onSegment }));
    const proven = made.value;
    log(`proven in ${rounded(made.ms / 1000)} s`);
    const { bits } = verifySegments(proven.key, proven.proof);
    const verified = await laps(async () => verifySegments(proven.key, proven.proof));
    return {
      count,
      plan: secondsOf(planned),
      prove: secondsOf(made),
      each: proven.key.segments.map(({ system, parameters }, k) => {
        const { report, committing } = proven.reports[k]!;
        return {
          ...expectedOf(system, parameters),
          commitSeconds: rounded(committing),
          phases: Object.fromEntries(Object.entries(report.seconds).map(([phase, s]) => [phase, rounded(s)])),
          proofBytes: report.bytes,
        };
      }),
      proofBytes: proven.proof.length,
      bits: rounded(bits),
      verifyMs: rounded(verified.ms),
      backend: backend.name,
    };
  } finally {
    await backend.close();
  }
}
