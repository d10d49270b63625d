/** Proofs by how much work the transcript's one workgroup takes over from dispatches, with and without subgroups. Equal bytes are checked. */
import { commit, loadModel, prove } from "../../index.ts";
import { webgpuBackend } from "../../webgpu.ts";
import { type Part, round } from "./context.ts";
import { median } from "./timing.ts";

const PRODUCTS = [0, 2 ** 9, 2 ** 11, 2 ** 13, 2 ** 15, 2 ** 17];
const RUNS = 7;
const SENTENCE = "Quanto costa il biglietto?";

export const solo: Part = {
  name: "solo",
  run: async ({ options, add, skip }) => {
    const model = await loadModel("lande");
    let expected: Uint8Array | undefined;
    for (const subgroups of [true, false]) {
      for (const soloProducts of PRODUCTS) {
        if (skip(`${soloProducts} products, subgroups ${subgroups}`)) return;
        const backend = await webgpuBackend({ adapter: options.provider, subgroups, soloProducts });
        try {
          const key = await commit(model, { backend });
          const start = performance.now();
          const first = await prove(key, SENTENCE, { backend });
          const cold = performance.now() - start;
          expected ??= first.proof;
          const times: number[] = [];
          for (let k = 0; k < RUNS; k++) {
            const before = performance.now();
            const { proof } = await prove(key, SENTENCE, { backend });
            times.push(performance.now() - before);
            if (proof.some((byte, i) => byte !== expected?.[i])) throw new Error("the proofs differ");
          }
          const counts = first.report.device;
          add({
            subgroups,
            soloProducts,
            ms: round(median(times)),
            "first ms": round(cold),
            dispatches: counts?.dispatches ?? null,
            submissions: counts?.submissions ?? null,
          });
        } finally {
          await backend.close();
        }
      }
    }
  },
};
