/** The page that conformance.test.ts drives: the same cases as in Node, called by their names. */
import { webgpuBackend } from "../src/backend/webgpu/index.ts";
import { compileAll, openCompiler } from "../src/testing/compile-kernels.ts";
import { cases } from "../src/testing/conformance-cases.ts";
import { checkCase, type Outcome } from "../src/testing/conformance-run.ts";
import { threePages } from "../src/testing/pages.ts";
import { type BundledModel, checkProof } from "../src/testing/proof-bytes.ts";

/** What the test calls. A promise that rejects says what is wrong. */
export interface Conformance {
  readonly adapter: string;
  runCase(pages: "one page" | "three pages", name: string): Promise<void>;
  compareProof(model: BundledModel): Promise<void>;
  compileKernels(): Promise<Outcome>;
}

declare global {
  interface Window {
    conformance: Conformance;
  }
}

const backend = await webgpuBackend();
const backends = { "one page": backend, "three pages": await threePages({ subgroups: false }) };

window.conformance = {
  adapter: backend.name,
  runCase: (pages, name) => {
    const run = cases[name];
    if (run === undefined) throw new Error(`There is no case "${name}"`);
    return checkCase(backends[pages], run);
  },
  compareProof: (model) => checkProof(backend, model),
  compileKernels: async () => {
    const compiler = await openCompiler("navigator");
    const outcome = await compileAll(compiler);
    compiler.device.destroy();
    return outcome;
  },
};
document.querySelector("#state")!.textContent = `ready: ${backend.name}`;
