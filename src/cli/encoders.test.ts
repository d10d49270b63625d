/** The commands on a text encoder: a small BERT in a Hugging Face folder. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { encoderFiles, writeFiles } from "../testing/huggingface.ts";

const folder = temporaryFolder();
const [model, proof, key, lines] = ["bert", "a.proof", "a.vk", "lines.txt"].map(folder.file) as [string, string, string, string];
const fast = ["--threads", "1"];
const TEXT = "Hello worlds!";
const TOKENS = [2, 4, 5, 6, 8, 3];

interface Shown {
  readonly modelId: string;
  readonly positions: number;
  readonly input: { readonly text: string; readonly tokens: readonly number[] };
  readonly embedding: { readonly sums: readonly number[]; readonly exponent: number; readonly mean: readonly number[] };
}
let proved: Awaited<ReturnType<typeof call>>;
let shown: Shown;
beforeAll(async () => {
  mkdirSync(model);
  writeFiles(encoderFiles(), model);
  writeFileSync(lines, "hello\n\nhello world\r\nhello proof!\n");
  proved = await call(["prove", model, "--input", TEXT, "-o", proof, "--json", ...fast]);
  shown = JSON.parse(proved.stdout) as Shown;
}, 60_000);
afterAll(folder.remove);

describe("an encoder", () => {
  it("is proven to give an embedding, as it is given without a proof", async () => {
    expect(proved.code).toBe(0);
    expect([shown.positions, shown.input]).toEqual([16, { text: "hello worlds!", tokens: TOKENS }]);
    const { sums, mean, exponent } = shown.embedding;
    expect(mean).toEqual(sums.map((sum) => sum / TOKENS.length / 2 ** exponent));
    const { stdout, code } = await call(["run", model, "--input", "-", "--json"], { stdin: `${TEXT}\n` });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ model: "bert", input: shown.input, embedding: shown.embedding });
    expect((await call(["run", model, "--input", TEXT])).stdout).toMatch(/^embedding +24 cells, the mean over the tokens: -?\d/m);
  });

  it("is verified: the statement has the tokens and the cells", async () => {
    const { stdout, code } = await call(["verify", proof, "--key", key, "--json"]);
    expect(code).toBe(0);
    const { sums, exponent } = shown.embedding;
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: true,
      modelId: shown.modelId,
      input: { tokens: TOKENS, embedding: { sums, exponent } },
      output: { index: TOKENS.length },
    });
    expect((await call(["verify", proof, "--key", key])).stdout).toMatch(/^output +an embedding of 24 cells \(all with --json\)$/m);
  });

  it("is verified by the folder, with the text in words, and for the same text alone", async () => {
    const by = ["verify", proof, "--key", model, "--positions", "16", ...fast];
    const same = await call([...by, "--input", TEXT]);
    expect(same.code).toBe(0);
    expect(same.stdout).toMatch(/^input +6 tokens: hello worlds!$/m);
    expect(JSON.parse((await call([...by, "--json"])).stdout)).toMatchObject({ input: shown.input, embedding: shown.embedding });
    const other = await call([...by, "--input", "hello world"]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/another input: 6 tokens: hello worlds!$/m) as string });
    expect((await call([...by.with(5, "15"), "--input", TEXT])).code).toBe(1);
  });

  it("is rejected with another token or another cell", async () => {
    const bytes = readFileSync(proof);
    const at = bytes.indexOf(Buffer.from(Int32Array.from(TOKENS).buffer));
    for (const word of [1, TOKENS.length, TOKENS.length + 23]) {
      const changed = Buffer.from(bytes);
      changed.writeInt32LE(changed.readInt32LE(at + 4 * word) + 1, at + 4 * word);
      writeFileSync(folder.file("changed.proof"), changed);
      expect(await call(["verify", folder.file("changed.proof"), "--key", key])).toMatchObject({ code: 1, stdout: "" });
    }
  });

  it("is shown by inspect", async () => {
    expect((await call(["inspect", proof])).stdout).toMatch(/^input +tokens 2 4 5 6 8 3\noutput +an embedding of 24 cells/m);
    expect((await call(["inspect", key])).stdout).toMatch(/^statement +embedding \(16 positions\) -> their embedding$/m);
    expect(JSON.parse((await call(["inspect", proof, "--json"])).stdout)).toMatchObject({
      proof: { verified: true, input: { tokens: TOKENS }, output: { index: TOKENS.length } },
      key: { input: { kind: "embedding" } },
    });
  });

  it("is compared with its float original, on sentences or on lines of a file, and on a page", async () => {
    const own = JSON.parse((await call(["accuracy", model, "--json", "--limit", "3"])).stdout) as { texts: number; cosines: number[] };
    expect([own.texts, own.cosines.length]).toEqual([3, 3]);
    const page = folder.file("accuracy.html");
    const { stdout, code } = await call(["accuracy", model, "--samples", lines, "--html", page]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^texts +3\ncosine +mean (1\.0|0\.9999)/m);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("<title>Accuracy of bert</title>");
    expect(html).not.toMatch(/<script|src=|https?:|undefined|NaN/);
  });

  it("takes a text up to its last position, in a key for no more positions than it has", async () => {
    const words = (count: number) => Array.from({ length: count }, () => "hello").join(" ");
    const { stdout, code } = await call(["prove", model, "--input", words(30), "-o", folder.file("long.proof"), "--json", ...fast]);
    expect([code, (JSON.parse(stdout) as Shown).positions]).toEqual([0, 32]);
    for (const command of ["run", "prove"])
      expect(await call([command, model, "--input", words(31)])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("The text has 33 tokens, bert takes up to 32\n") as string,
      });
  });

  it.each<[string, string[], RegExp]>([
    ["tokens to write", ["run", model, "--input", "hello", "--tokens", "3"], /bert is an encoder: --tokens is for decoders/],
    ["a GPU to run on", ["run", model, "--input", "hello", "--backend", "webgpu"], /encoders run on the host alone/],
    ["tokens to prove", ["prove", model, "--input", "hello", "--tokens", "3"], /--tokens is for decoders/],
    ["segments to prove", ["prove", model, "--input", "hello", "--segments", "2"], /--segments is for decoders/],
    ["a segment", ["prove", model, "--input", "hello", "--segment", "1/2"], /--segment is for decoders/],
    ["segments to commit to", ["commit", model, "--positions", "16", "--segments", "2"], /--segments is for decoders/],
    ["segments of its key", ["verify", proof, "--key", model, "--positions", "16", "--segments", "2"], /--segments is for decoders/],
    ["no text", ["prove", model], /needs an --input/],
    ["too few positions", ["prove", model, "--input", TEXT, "--positions", "5"], /These tokens need --positions 6, not 5/],
    ["more positions than it has", ["commit", model, "--positions", "33"], /bert cannot take 33 positions, it can take 1 to 32/],
    ["an input and a key's file", ["verify", proof, "--key", key, "--input", TEXT], /a\.vk has no tokenizer.*--positions 16$/m],
  ])("is refused with %s", async (_, argv, message) => {
    expect(await call(argv)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) as string });
  });
});
