/**
 * Proofs of random LLaMA-shaped decoders: by layers, by tokens, by width. Seconds are wall time of the prover (witness included) and of the integer model alone,
 * processor seconds are those of all threads. Prints one table each.
 */
import { fileURLToPath } from "node:url";
import { cpuBackend } from "../backend/cpu/index.ts";
import { commitDecoder, proveTokens, runDecoder } from "../decoder.ts";
import { calibrate } from "../model/transformer/calibrate.ts";
import { continueGreedily, FloatTransformer } from "../model/transformer/float.ts";
import type { TransformerConfig } from "../model/transformer/model.ts";
import { quantizeTransformer } from "../model/transformer/quantize.ts";
import { STORIES, smallDecoder } from "../testing/decoder.ts";
import { committedCells } from "../verifier/plan.ts";
import { prepareKey, verify } from "../verifier/verify.ts";

/** Four layers of the shape of stories260K. */
const BASE: TransformerConfig = { ...STORIES, layers: 4 };

/** One row of a table: a proof of as many tokens as there are positions and one more. */
export async function measureDecoder(change: Partial<TransformerConfig>, positions: number): Promise<Record<string, number | string>> {
  const config = { ...BASE, ...change };
  const float = smallDecoder(config);
  const writer = new FloatTransformer(float);
  const prompt = [1, 2, 3];
  const count = positions + 1 - prompt.length;
  const text = continueGreedily((token) => writer.step(token), prompt, count);
  const program = quantizeTransformer(float, calibrate(float, [text]), "random");
  const backend = await cpuBackend();
  try {
    const key = await commitDecoder({ name: "random", program }, positions, { backend });
    const { system } = key.verifying;
    await proveTokens(key, prompt, count, { backend });
    const before = process.cpuUsage();
    let start = performance.now();
    const { proof } = await proveTokens(key, prompt, count, { backend });
    const proving = performance.now() - start;
    const { user, system: kernel } = process.cpuUsage(before);
    verify(key.verifying, proof);
    const verifying = Math.min(
      ...Array.from({ length: 5 }, () => {
        start = performance.now();
        verify(key.verifying, proof);
        return performance.now() - start;
      }),
    );
    runDecoder({ program }, prompt, count);
    start = performance.now();
    runDecoder({ program }, prompt, count);
    const running = performance.now() - start;
    const { plan } = prepareKey(key.verifying);
    return {
      layers: config.layers,
      tokens: positions + 1,
      width: config.width,
      "witness cells": committedCells(system)[1] ?? 0,
      "look-ups": system.lookups.reduce((n, l) => n + (system.columns[l.columns[0] ?? 0]?.shape ?? []).reduce((c, s) => c * s, 1), 0),
      evaluations: plan.lookups.evaluations.length + plan.constraints.constant.length + plan.constraints.round.length,
      "running s": (running / 1000).toFixed(2),
      "proving s": (proving / 1000).toFixed(2),
      "processor s": ((user + kernel) / 1e6).toFixed(2),
      "proof KiB": (proof.length / 1024).toFixed(1),
      "verifying ms": verifying.toFixed(0),
    };
  } finally {
    await backend.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = async (rows: readonly (readonly [Partial<TransformerConfig>, number])[]) => {
    const measured = [];
    for (const [change, positions] of rows) measured.push(await measureDecoder(change, positions));
    console.table(measured);
  };
  await table([1, 2, 4, 8, 16].map((layers) => [{ layers }, 31]));
  await table([15, 31, 63, 127, 255].map((positions) => [{}, positions]));
  await table([32, 64, 128].map((width) => [{ width, headWidth: width / 8, hidden: 2 * width }, 31]));
}
