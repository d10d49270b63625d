/** The commands on a language model: a small random decoder in a GGUF file. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { smallGguf } from "../testing/gguf.ts";
import { Cancelled } from "./failure.ts";

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
    expect(proved.stderr).toBe(
      `calibrates ${model} on sample texts; circlet quantize stores what it finds\nwitness ...\ncommit ...\nlook up ...\nconstrain ...\nopen ...\n`,
    );
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

  it("is verified for one prompt alone where the model is the key, and says it in words", async () => {
    const { prompt, generated } = JSON.parse(proved.stdout) as Shown;
    const by = ["verify", proof, "--key", model, "--positions", "16", ...fast];
    const same = await call([...by, "--input", "abc"]);
    expect(same.code).toBe(0);
    expect(same.stdout).toContain("prompt    5 tokens: abc\n");
    expect(JSON.parse((await call([...by, "--json"])).stdout)).toMatchObject({ accepted: true, prompt, generated });
    for (const text of ["abd", "ab", "abcd", ""])
      expect(await call([...by, "--input", text])).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^rejected: The proof holds, but for another input: 5 tokens: abc$/m) as string,
      });
    expect((await call([...by, "--input", "-"], { stdin: "abc\n" })).code).toBe(0);
    const other = JSON.parse((await call([...by, "--input", "abd", "--json"])).stdout) as object;
    expect(other).toMatchObject({ accepted: false, error: { code: "input/other" } });
    expect(await call([...by, "--input", "ABC"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^circlet: The tokenizer has no piece for byte 65$/m) as string,
    });
    expect(await call(["verify", proof, "--key", key, "--input", "abc"])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /a\.vk has no tokenizer.*: give the language model as the key, --key <model> --positions 16$/m,
      ) as string,
    });
  });

  it("is proven up to its last position, in a key for no more positions than it has", async () => {
    const { stdout, code } = await call([
      "prove",
      model,
      "--input",
      "abc",
      "--tokens",
      "60",
      "-o",
      folder.file("long.proof"),
      "--json",
      ...fast,
    ]);
    expect([code, (JSON.parse(stdout) as Shown).positions]).toEqual([0, 64]);
    for (const command of ["run", "prove"])
      expect(await call([command, model, "--input", "abc", "--tokens", "61"])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/5 tokens of input and 61 that follow take 65 positions, small has 64$/m) as string,
      });
  });

  it.each([
    ["calibrated", "calibrates", ["prove"]],
    ["committed and proven", "look up", ["prove"]],
    ["proven in segments", "segment 2 of 2", ["prove", "--segments", "2"]],
    ["proven in one segment", "commit", ["prove", "--segment", "2/2"]],
    ["committed", "calibrates", ["commit", "--positions", "8"]],
    ["measured", "measures", ["accuracy"]],
  ])("writes nothing when it is cancelled while it is %s", async (_, at, [command, ...flags]) => {
    const controller = new AbortController();
    const prompt = command === "prove" ? ["--input", "abc", "--tokens", "4"] : [];
    const [output, keyFile] = [folder.file("cancelled.proof"), folder.file("cancelled.vk")];
    const files = command === "accuracy" ? ["--html", output] : ["-o", output];
    const answer = await call([command!, model, ...prompt, ...flags, ...files, ...(command === "accuracy" ? [] : fast)], {
      signal: controller.signal,
      onStderr: (text) => text.startsWith(at) && controller.abort(new Cancelled()),
    });
    expect(answer).toMatchObject({
      code: 130,
      stdout: "",
      stderr: expect.stringMatching(/^circlet: Cancelled, nothing was written$/m) as string,
    });
    expect([output, keyFile].filter((file) => existsSync(file))).toEqual([]);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
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
    expect(stdout).toMatch(/^statement +tokens \(16 positions\) -> the tokens that follow$/m);
  });

  it.each([
    ["no prompt", ["prove", model]],
    ["too few positions", ["prove", model, "--input", "abc", "--tokens", "4", "--positions", "7"]],
    ["a key without positions", ["verify", proof, "--key", model]],
    ["tokens of another model", ["run", "lande", "--input", "abc", "--tokens", "4"]],
    ["no positions to commit to", ["commit", model]],
    ["positions of another model", ["commit", "lande", "--positions", "16"]],
    ["samples", ["accuracy", model, "--samples", "mnist:5"]],
    ["a file that is missing", ["prove", folder.file("no.gguf"), "--input", "abc", "--tokens", "4"]],
    ["more tokens than the model was made for", ["run", model, "--input", "abc", "--tokens", "100"]],
  ])("is refused with %s", async (_, argv) => {
    expect((await call(argv)).code).toBe(2);
  });
});

describe("the bundled language model", () => {
  it("is proven by a text and its name, in any order", async () => {
    const [a, b] = [folder.file("ishmael-a.proof"), folder.file("ishmael-b.proof")];
    const { stdout, code } = await call(["prove", "Call me", "--model", "ishmael", "--tokens", "10", "-o", a, "--json", ...fast]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: "ishmael", positions: 16, generated: { text: " Ishmael. Some years" } });
    expect((await call(["prove", "--model", "ishmael", "Call me", "--tokens", "10", "-o", b, ...fast])).code).toBe(0);
    expect(readFileSync(b)).toEqual(readFileSync(a));
    expect((await call(["verify", a, "--key", folder.file("ishmael-b.vk")])).code).toBe(0);
  }, 60_000);

  it("is asked for its text, and for its positions", async () => {
    expect((await call(["prove", "ishmael"])).stderr).toMatch(
      /^circlet: The model ishmael needs an --input; if it is a text: --input ishmael$/m,
    );
    expect((await call(["prove", "--model", "ishmael"])).stderr).toMatch(/^circlet: Nothing to prove: give a text/);
    expect((await call(["commit", "ishmael"])).stderr).toMatch(
      /^circlet: A language model's key is for a number of positions: give --positions <n>$/m,
    );
    expect((await call(["bench", "--model", "ishmael"])).stderr).toMatch(/^circlet: bench measures networks with classes/);
  });
});
