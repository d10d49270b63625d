/** WebGPU in Deno, from the sources as they are: its own (with 64-bit integers where the adapter has them) in full, and Dawn's for whole proofs. */
import { KERNELS } from "../../shaders/index.ts";
import { type WebGpuBackend, webgpuBackend } from "../backend/webgpu/index.ts";
import { BUNDLED_MODELS } from "../model/load.ts";
import { type Compiler, compileKernel, openCompiler } from "./compile-kernels.ts";
import { cases } from "./conformance-cases.ts";
import { checkCase } from "./conformance-run.ts";
import { threePages } from "./pages.ts";
import { checkProof } from "./proof-bytes.ts";

interface DenoTest {
  readonly name: string;
  readonly fn: () => Promise<void>;
  /** Devices stay open from one test to the next. */
  readonly sanitizeOps: false;
  readonly sanitizeResources: false;
}
const { Deno } = globalThis as unknown as { readonly Deno: { test(definition: DenoTest): void } };
const test = (name: string, fn: () => Promise<void>): void => Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** Declares tests on a thing that is opened before the first and closed after the last of them. */
function using<T>(
  label: string,
  open: () => Promise<T>,
  close: (thing: T) => void,
  tests: Readonly<Record<string, (thing: T) => Promise<void>>>,
): void {
  let thing: Promise<T> | undefined;
  const opened = (): Promise<T> => {
    thing ??= open();
    return thing;
  };
  for (const [name, run] of Object.entries(tests)) test(`${label}: ${name}`, async () => run(await opened()));
  test(`${label}: closes`, async () => close(await opened()));
}

/** Verbs that read and write across pages; the others share their memory functions. */
const ON_PAGES = ["upload, zeros, slice, free", "bind", "columns around a workgroup", "interleave and encode", "a whole session"];

const proofs = Object.fromEntries(
  BUNDLED_MODELS.map((model) => [
    `${model}'s proof has the bytes of the CPU backend`,
    (backend: WebGpuBackend) => checkProof(backend, model),
  ]),
);
const closeBackend = (backend: { close(): Promise<void> }): Promise<void> => backend.close();

using<Compiler>(
  "Deno's compiler",
  () => openCompiler("deno"),
  ({ device }) => device.destroy(),
  Object.fromEntries(
    KERNELS.map((kernel) => [
      kernel.name,
      async ({ device, variants }) => {
        for (const variant of variants) {
          const message = await compileKernel(device, kernel, variant);
          if (message !== null) throw new Error(message);
        }
      },
    ]),
  ),
);

using("Deno's WebGPU", () => webgpuBackend({ adapter: "deno" }), closeBackend, {
  "has 64-bit integers": async ({ name }) => {
    if (!name.includes("u64")) throw new Error(name);
  },
  ...Object.fromEntries(Object.entries(cases).map(([name, run]) => [name, (backend: WebGpuBackend) => checkCase(backend, run)])),
  ...proofs,
});

using("Deno's WebGPU on three pages without subgroups", () => threePages({ adapter: "deno", subgroups: false }), closeBackend, {
  ...Object.fromEntries(
    ON_PAGES.map((name) => [
      name,
      async (backend) => {
        const run = cases[name];
        if (run === undefined) throw new Error(`no case of the name "${name}"`);
        await checkCase(backend, run);
      },
    ]),
  ),
});

using("Dawn in Deno", () => webgpuBackend({ adapter: "dawn" }), closeBackend, proofs);
