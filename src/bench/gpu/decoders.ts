/** Proofs of random LLaMA-shaped decoders, from tokens to arg max, on the GPU and, where that takes seconds only, on the CPU backend: equal bytes are checked. */
import { availableParallelism } from "node:os";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { commitDecoder, proveText, proveTokens } from "../../decoder.ts";
import { calibrate } from "../../model/transformer/calibrate.ts";
import { continueGreedily, FloatTransformer } from "../../model/transformer/float.ts";
import type { TransformerConfig } from "../../model/transformer/model.ts";
import { quantizeTransformer } from "../../model/transformer/quantize.ts";
import { STORIES, smallDecoder } from "../../testing/decoder.ts";
import { committedCells } from "../../verifier/plan.ts";
import { verify } from "../../verifier/verify.ts";
import { webgpuBackend } from "../../webgpu.ts";
import { type Context, type Part, round } from "./context.ts";

const MEDIUM: TransformerConfig = {
  ...STORIES,
  layers: 6,
  width: 256,
  heads: 8,
  keyHeads: 8,
  headWidth: 32,
  hidden: 688,
  vocabulary: 4096,
};
/** 124 million weights, as many as GPT-2 has. */
const LARGE: TransformerConfig = {
  ...STORIES,
  layers: 12,
  width: 768,
  heads: 12,
  keyHeads: 12,
  headWidth: 64,
  hidden: 2048,
  vocabulary: 25600,
};

interface Case {
  readonly name: string;
  readonly config: TransformerConfig;
  /** Of the key; the proof is about one token more. */
  readonly positions: number;
  readonly onCpu: boolean;
}
const CASES: readonly Case[] = [
  { name: "the shape of stories260K", config: STORIES, positions: 63, onCpu: true },
  { name: "6 layers of width 256", config: MEDIUM, positions: 63, onCpu: true },
  { name: "12 layers of width 768, 25,600 tokens", config: LARGE, positions: 63, onCpu: false },
  { name: "the shape of stories260K", config: STORIES, positions: 255, onCpu: true },
];
const SMALL_CASES: readonly Case[] = [
  { name: "one layer of the shape of stories260K", config: { ...STORIES, layers: 1 }, positions: 7, onCpu: true },
];

const PROMPT = [1, 2, 3];
const RUNS = 3;
const MAX_THREADS = 16;

/** A random decoder, calibrated on what it writes itself. */
export function randomDecoder(config: TransformerConfig, positions: number) {
  const float = smallDecoder(config);
  const writer = new FloatTransformer(float);
  const text = continueGreedily((token) => writer.step(token), PROMPT, positions + 1 - PROMPT.length);
  return { program: quantizeTransformer(float, calibrate(float, [text]), "random decoder"), prompt: PROMPT };
}

function phasesOf(seconds: Readonly<Record<string, number>>): string {
  return Object.entries(seconds)
    .map(([phase, s]) => `${phase} ${(1000 * s).toFixed(0)}`)
    .join(", ");
}

async function measure({ log, options, add }: Context, { name, config, positions, onCpu }: Case): Promise<void> {
  const count = positions + 1 - PROMPT.length;
  const { program } = randomDecoder(config, positions);
  log(`${name}: quantized`);
  const gpu = await webgpuBackend({ adapter: options.provider });
  try {
    let start = performance.now();
    const lap = (): number => {
      const now = performance.now();
      const elapsed = now - start;
      start = now;
      return round(elapsed);
    };
    const key = await commitDecoder({ name, program }, positions, { backend: gpu });
    const commitMs = lap();
    log(`${name}: committed`);
    const first = await proveTokens(key, PROMPT, count, { backend: gpu });
    const firstMs = lap();
    const times: number[] = [];
    const waited = await proveTokens(key, PROMPT, count, { backend: gpu, awaitPhases: true });
    log(`${name}: phases ${phasesOf(waited.report.seconds)}`);
    let last = first;
    for (let k = 0; k < RUNS; k++) {
      lap();
      last = await proveTokens(key, PROMPT, count, { backend: gpu });
      times.push(lap());
    }
    verify(key.verifying, last.proof);
    const given = await proveText(key, last.statement, { backend: gpu, awaitPhases: true });
    lap();
    const text = await proveText(key, last.statement, { backend: gpu });
    const textMs = lap();
    const { system } = key.verifying;
    const row = {
      model: name,
      weights: committedCells(system)[0] ?? 0,
      tokens: positions + 1,
      witnessCells: committedCells(system)[1] ?? 0,
      milliseconds: Math.min(...times),
      runsMilliseconds: times.join(", "),
      firstMilliseconds: firstMs,
      /** Of a given text, without a generation. */
      textMilliseconds: textMs,
      textEqual: Buffer.compare(text.proof, last.proof) === 0,
      commitMilliseconds: commitMs,
      phases: phasesOf(waited.report.seconds),
      textPhases: phasesOf(given.report.seconds),
      proofBytes: last.proof.length,
      ...last.report.device,
      deviceMiB: round(gpu.memory() / 2 ** 20),
    };
    add(row);
    if (!onCpu) return;
    const cpu = await cpuBackend({ threads: Math.min(availableParallelism(), MAX_THREADS) });
    try {
      await proveTokens(key, PROMPT, count, { backend: cpu });
      lap();
      const { proof } = await proveTokens(key, PROMPT, count, { backend: cpu });
      add({
        model: name,
        tokens: positions + 1,
        cpuMilliseconds: lap(),
        bytesEqual: Buffer.compare(proof, last.proof) === 0,
        cpuBackend: cpu.name,
      });
    } finally {
      await cpu.close();
    }
  } finally {
    await gpu.close();
  }
}

export const decoders: Part = {
  name: "decoders",
  run: async (context) => {
    for (const one of context.options.small || context.raw.isCpu ? SMALL_CASES : CASES) {
      if (context.skip(`${one.name}, ${one.positions} positions`)) return;
      await measure(context, one);
    }
  },
};
