/** Where the time on the device goes: proofs and a commitment by kernel, from timestamps around each dispatch. */
import { commitDecoder, proveTokens } from "../../decoder.ts";
import { commit, loadModel, prove } from "../../index.ts";
import { STORIES } from "../../testing/decoder.ts";
import { type WebGpuBackend, webgpuBackend } from "../../webgpu.ts";
import { type Context, type Part, round } from "./context.ts";
import { randomDecoder } from "./decoders.ts";

const SENTENCE = "Quanto costa il biglietto?";
const LONGEST_ROWS = 14;

/** Adds the kernels' times of one run after one that compiles them. */
async function measure({ add }: Context, what: string, gpu: WebGpuBackend, run: () => Promise<unknown>): Promise<void> {
  await run();
  await gpu.profile?.();
  const start = performance.now();
  await run();
  const wall = performance.now() - start;
  const kernels = (await gpu.profile?.()) ?? [];
  const total = kernels.reduce((sum, k) => sum + k.milliseconds, 0);
  add({
    what,
    kernel: "all",
    dispatches: kernels.reduce((n, k) => n + k.dispatches, 0),
    milliseconds: round(total),
    wallMilliseconds: round(wall),
  });
  for (const { kernel, dispatches, milliseconds } of kernels.slice(0, LONGEST_ROWS))
    add({ what, kernel, dispatches, milliseconds: round(milliseconds) });
}

export const profile: Part = {
  name: "profile",
  run: async (context) => {
    const { options, raw } = context;
    for (const subgroups of [true, false]) {
      const gpu = await webgpuBackend({ adapter: options.provider, profile: true, subgroups });
      try {
        const key = await commit(await loadModel("lande"), { backend: gpu });
        await measure(context, `lande${subgroups ? "" : ", no subgroups"}`, gpu, () => prove(key, SENTENCE, { backend: gpu }));
        if (!subgroups || context.skip("a decoder")) continue;
        const positions = raw.isCpu || options.small ? 7 : 63;
        const { program, prompt } = randomDecoder(raw.isCpu || options.small ? { ...STORIES, layers: 1 } : STORIES, positions);
        const decoderKey = await commitDecoder({ name: "the shape of stories260K", program }, positions, { backend: gpu });
        const count = positions + 1 - prompt.length;
        await measure(context, `decoder, ${positions + 1} tokens`, gpu, () => proveTokens(decoderKey, prompt, count, { backend: gpu }));
      } finally {
        await gpu.close();
      }
    }
  },
};
