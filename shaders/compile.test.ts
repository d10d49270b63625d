/** Every kernel with every option compiles under Dawn's compiler, without a warning. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Compiler, compileKernel, openCompiler } from "../src/testing/compile-kernels.ts";
import { describeWithGpu } from "../src/testing/webgpu.ts";
import { EXAMPLES, KERNELS } from "./index.ts";

await describeWithGpu("kernels under Dawn", () => {
  let compiler: Compiler;
  beforeAll(async () => {
    compiler = await openCompiler("dawn");
  });
  afterAll(() => compiler.device.destroy());

  it.each([...KERNELS, ...EXAMPLES])("$name", { timeout: 240_000 }, async (kernel) => {
    for (const variant of compiler.variants) expect(await compileKernel(compiler.device, kernel, variant)).toBeNull();
  });

  it("a wrong text is found", async () => {
    const wrong = { name: "wrong", text: () => "@compute @workgroup_size(64) fn main() { let x: u32 = 1; let y: i32 = x; }" };
    expect(await compileKernel(compiler.device, wrong, compiler.variants[0]!)).toContain("error in line 1");
  });
});
