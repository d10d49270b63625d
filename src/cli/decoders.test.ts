/** The commands on a language model: a small random decoder in a GGUF file. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { smallGguf } from "../testing/gguf.ts";

const folder = temporaryFolder();
const [model, proof, key] = [folder.file("small.gguf"), folder.file("a.proof"), folder.file("a.vk")];
const fast = ["--threads", "1"];
let proved: Awaited<ReturnType<typeof call>>;
beforeAll(async () => {
  writeFileSync(model, smallGguf());
  proved = await call(["prove", model, "--input", "abc", "--tokens", "4", "-o", proof, "--json", ...fast]);
}, 60_000);
afterAll(folder.remove);

interface Shown {
  readonly modelId: string;
  readonly positions: number;
  readonly prompt: { readonly text: string; readonly tokens: readonly number[] };
  readonly generated: { readonly text: string; readonly tokens: readonly number[] };
}

describe("a language model", () => {
  it("is proven to continue a prompt, with a key for a power of two of positions", () => {
    expect(proved.code).toBe(0);
    expect(proved.stderr.replace(/^calibrates.*\n/, "")).toBe("witness ...\ncommit ...\nlook up ...\nconstrain ...\nopen ...\n");
    const shown = JSON.parse(proved.stdout) as Shown;
    expect(shown.positions).toBe(16);
    expect(shown.prompt).toEqual({ text: "abc", tokens: [1, 3, 4, 5, 6] });
    expect(shown.generated.tokens).toHaveLength(4);
  });

  it("writes the same tokens without a proof", async () => {
    const { stdout, code } = await call(["run", model, "--input", "abc", "--tokens", "4", "--json"]);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Shown).generated).toEqual((JSON.parse(proved.stdout) as Shown).generated);
  });

  it("is verified by the key's file, and by a key that is computed from the model", async () => {
    const { modelId, prompt, generated } = JSON.parse(proved.stdout) as Shown;
    const byFile = await call(["verify", proof, "--key", key, "--json"]);
    expect(JSON.parse(byFile.stdout)).toMatchObject({
      accepted: true,
      modelId,
      input: { tokens: [...prompt.tokens, ...generated.tokens] },
      output: { index: 4 },
    });
    expect((await call(["verify", proof, "--key", model, "--positions", "16", ...fast])).code).toBe(0);
    expect((await call(["verify", proof, "--key", model, "--positions", "17", ...fast])).code).toBe(1);
  });

  it("is committed to for a number of positions, and proven under that key's id", async () => {
    const { stdout, code } = await call(["commit", model, "--positions", "16", "-o", folder.file("c.vk"), "--json", ...fast]);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Shown).modelId).toBe((JSON.parse(proved.stdout) as Shown).modelId);
  });

  it("is compared with its float original", async () => {
    const { stdout, code } = await call(["accuracy", model, "--limit", "20", "--json"]);
    expect(code).toBe(0);
    const { texts } = JSON.parse(stdout) as { texts: { positions: number; equal: number; sites: unknown[] }[] };
    for (const text of texts) expect(text).toMatchObject({ positions: 20, equal: 20 });
    expect((await call(["accuracy", model, "--limit", "5"])).stdout).toMatch(/^same arg max +5 of 5 \(100.0 %\)$/m);
  });

  it("is compared on a page, without script and without what is elsewhere", async () => {
    const page = folder.file("accuracy.html");
    expect((await call(["accuracy", model, "--limit", "8", "--html", page])).stdout).toContain(`written: ${page}`);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("<title>Accuracy of small</title>");
    expect(html).toContain("layer 2, feed-forward");
    expect(html).not.toMatch(/<script|src=|https?:|undefined|NaN/);
  });

  it("is shown by inspect", async () => {
    const { stdout, code } = await call(["inspect", proof]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^output +the last 4 of them, each the arg max/m);
    expect(stdout).toMatch(/^statement +tokens \(16 cells\) -> the tokens that follow$/m);
  });

  it.each([
    ["no prompt", ["prove", model]],
    ["too few positions", ["prove", model, "--input", "abc", "--tokens", "4", "--positions", "7"]],
    ["a key without positions", ["verify", proof, "--key", model]],
    ["tokens of another model", ["run", "lande", "--input", "abc", "--tokens", "4"]],
    ["no positions to commit to", ["commit", model]],
    ["positions of another model", ["commit", "lande", "--positions", "16"]],
    ["samples", ["accuracy", model, "--samples", "mnist:5"]],
    ["an input to compare with", ["verify", proof, "--key", key, "--input", "abc"]],
    ["a file that is missing", ["prove", folder.file("no.gguf"), "--input", "abc", "--tokens", "4"]],
    ["more tokens than the model was made for", ["run", model, "--input", "abc", "--tokens", "100"]],
  ])("is refused with %s", async (_, argv) => {
    expect((await call(argv)).code).toBe(2);
  });
});
