/** Every verb against the reference, and keys and proofs of the bundled models against the CPU backend's, on this adapter. */
import { type WebGpuOptions, webgpuBackend } from "../../backend/webgpu/index.ts";
import { runConformance } from "../../testing/conformance-run.ts";
import { compareProofs } from "../../testing/proof-bytes.ts";
import { type Part, round } from "./context.ts";

export const conformance: Part = {
  name: "conformance",
  run: async ({ options, add, skip, log }) => {
    const adapter = options.provider;
    const variants: readonly (readonly [string, WebGpuOptions])[] = [
      ["default", { adapter }],
      ...(adapter === "dawn" ? [["bounds checks", { adapter, robustness: true }] as const] : []),
    ];
    for (const [variant, settings] of variants) {
      if (skip(variant)) return;
      const backend = await webgpuBackend(settings);
      const begun = performance.now();
      const verbs = await runConformance(backend);
      const models = await compareProofs(backend);
      add({
        variant,
        verbs: `${verbs.passed} of ${verbs.passed + verbs.failures.length}`,
        models: `${models.passed} of ${models.passed + models.failures.length}`,
        seconds: round((performance.now() - begun) / 1000),
        failures: [...verbs.failures, ...models.failures].map((f) => `${f.name}: ${f.message}`).join("; "),
      });
      await backend.close();
      log(variant);
    }
  },
};
