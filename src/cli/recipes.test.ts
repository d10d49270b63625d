/** Scales of language models in files: what quantize writes, who uses it, and what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { smallGguf } from "../testing/gguf.ts";
import { decoderFiles, encoderFiles, writeFiles } from "../testing/huggingface.ts";
import { Cancelled } from "./failure.ts";

const folder = temporaryFolder();
const at = folder.file;
const fast = ["--threads", "1"];
const CALIBRATES = /^calibrates/m;

beforeAll(() => {
  for (const [name, files] of [
    ["bert", encoderFiles()],
    ["llama", decoderFiles()],
  ] as const) {
    mkdirSync(at(name));
    writeFiles(files, at(name));
  }
  mkdirSync(at("files"));
  for (const name of ["small.gguf", "files/other.gguf"]) writeFileSync(at(name), smallGguf());
  writeFileSync(at("abc.txt"), "abcabccab");
});
afterAll(folder.remove);

async function idOf(model: string, ...more: string[]): Promise<{ id: string; stderr: string }> {
  const { stdout, stderr, code } = await call(["commit", model, "--positions", "4", "-o", at("id.vk"), "--json", ...more, ...fast]);
  expect(code, stderr).toBe(0);
  return { id: (JSON.parse(stdout) as { modelId: string }).modelId, stderr };
}

describe("quantize for a language model", () => {
  it("tells of every choice, and shows scales and accumulators", async () => {
    const { stdout, stderr, code } = await call(["quantize", at("small.gguf")]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^chooses scales on 2 texts \.\.\.\n1 choices of bits, error \d+\.\d{3} %\n2 choices/);
    expect(stdout).toMatch(/^error +\d+\.\d{3} % of the outputs' deviation, the best of 12 choices$/m);
    expect(stdout).toMatch(/^constraint +bits$/m);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".json"))).toEqual([]);
  });

  it.each([
    ["a .gguf file, by name", "small.gguf", "small.circlet.json", "small.circlet.json"],
    ["a .gguf file, into its folder", "files/other.gguf", "files", "files/other.circlet.json"],
    ["a folder", "bert", "bert", "bert/circlet.json"],
  ])("writes a recipe beside %s, which the next commands use", async (_, model, output, file) => {
    const before = await call(["commit", at(model), "--positions", "4", "-o", at("id.vk"), ...fast]);
    expect(before.stderr).toMatch(CALIBRATES);
    const { stdout, code } = await call(["quantize", at(model), "-o", at(output)]);
    expect(code).toBe(0);
    expect(stdout).toContain(`written: ${at(file)}, which all commands on ${at(model)} now use`);
    const recipe = JSON.parse(readFileSync(at(file), "utf8")) as { format: string; name: string };
    expect(recipe.format).toBe("circlet transformer 1");
    const [one, other] = [await idOf(at(model)), await idOf(at(model))];
    expect(one.id).toBe(other.id);
    for (const argv of [
      ["run", at(model), "--input", "hello"],
      ["accuracy", at(model), "--limit", "2"],
    ]) {
      const next = await call(argv);
      expect([next.code, CALIBRATES.test(next.stderr)], next.stderr).toEqual([0, false]);
    }
  });

  it("writes a recipe elsewhere, which --recipe names, and which names the model", async () => {
    const [recipe, texts] = [at("mine.json"), at("abc.txt")];
    const written = await call(["quantize", at("llama"), "--samples", texts, "--name", "mine", "-o", recipe, "--json"]);
    expect(JSON.parse(written.stdout)).toMatchObject({ model: "mine", recipe, name: "mine", calibration: { texts: 1 } });
    const proof = at("mine.proof");
    const proved = await call([
      "prove",
      at("llama"),
      "--input",
      "abc",
      "--tokens",
      "3",
      "--recipe",
      recipe,
      "-o",
      proof,
      "--json",
      ...fast,
    ]);
    expect(proved.stderr).not.toMatch(CALIBRATES);
    expect(JSON.parse(proved.stdout)).toMatchObject({ model: "mine" });
    const verify = ["verify", proof, "--key", at("llama"), "--positions", "16", ...fast];
    expect((await call([...verify, "--recipe", recipe])).code).toBe(0);
    expect((await call(verify)).code).toBe(1);
  });

  it("keeps the usual bits if no search is wanted", async () => {
    const { stdout } = await call(["quantize", at("small.gguf"), "--no-search", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ model: "small", tried: 1 });
  });

  it("is calibrated on lines of a file for an encoder", async () => {
    writeFileSync(at("lines.txt"), "hello world\nhello proof!\n");
    const { stdout } = await call(["quantize", at("bert"), "--samples", at("lines.txt"), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ model: "bert", calibration: { texts: 2 } });
  });

  it.each<[string, string[], RegExp]>([
    ["--exponent", ["--exponent", "3"], /--exponent is for networks of ONNX files/],
    ["--range", ["--range", "0,255"], /--range is for/],
    ["--divisor", ["--divisor", "255"], /--divisor is for/],
    ["--labels", ["--labels", "abc.txt"], /--labels is for/],
    ["--table-bits", ["--table-bits", "9"], /--table-bits is for/],
    ["--activation-bits", ["--activation-bits", "9"], /--activation-bits is for/],
    ["--logit-bits", ["--logit-bits", "9"], /--logit-bits is for/],
    ["--weight-bits", ["--weight-bits", "9"], /--weight-bits is for/],
    ["--percentile", ["--percentile", "99"], /--percentile is for/],
    ["--limit", ["--limit", "9"], /--limit is for/],
    ["--calibrate", ["--calibrate"], /--\[no-\]calibrate is for/],
    ["--no-calibrate", ["--no-calibrate"], /--\[no-\]calibrate is for/],
    ["samples that are missing", ["--samples", at("nothing.txt")], /Cannot read the samples .*no such file/],
    ["samples without a text", ["--samples", at("bert/tokenizer.json")], /cannot be read: The tokenizer has no piece/],
    ["samples that are no text", ["--samples", at("small.gguf")], /small\.gguf cannot be read: .*not UTF-8/],
    ["a folder that is missing", ["-o", `${at("missing")}/`], /there is no such folder/],
    ["a file in a folder that is missing", ["-o", at("missing/x.json")], /there is no folder/],
  ])("refuses %s", async (_, flags, message) => {
    const answer = await call(["quantize", at("small.gguf"), ...flags]);
    expect(answer).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(message) as string });
    expect(answer.stderr).toMatch(/^circlet: [^\n]+\n$/);
  });

  it("writes nothing when it is cancelled", async () => {
    const controller = new AbortController();
    const output = at("cancelled.json");
    const answer = await call(["quantize", at("llama"), "-o", output], {
      signal: controller.signal,
      onStderr: (text) => text.startsWith("2 choices") && controller.abort(new Cancelled()),
    });
    expect(answer).toMatchObject({ code: 130, stdout: "" });
    expect(answer.stderr).toMatch(/^2 choices .*\ncirclet: Cancelled, nothing was written\n$/m);
    expect([existsSync(output), readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))]).toEqual([false, []]);
  });
});

describe("a recipe that does not fit", () => {
  const given = async (content: string | Uint8Array) => {
    writeFileSync(at("given.json"), content);
    return call(["run", at("llama"), "--input", "abc", "--tokens", "2", "--recipe", at("given.json")]);
  };

  it.each<[string, string | Uint8Array, RegExp]>([
    ["no JSON", "{", /The recipe is no JSON object/],
    ["no UTF-8", Uint8Array.of(0x7b, 0xff), /not UTF-8/],
    [
      "an unknown format",
      '{"format": "circlet transformer 9"}',
      /format is "circlet transformer 9", circlet knows "circlet transformer 1"/,
    ],
    ["another kind of file", '{"name": "x", "labels": []}', /format is not named/],
  ])("is refused: %s", async (_, content, message) => {
    const { code, stderr } = await given(content);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr).toMatch(/^circlet: Cannot use the recipe [^\n]*given\.json: [^\n]+\n$/);
  });

  it("is refused: of another model, named or beside the model", async () => {
    const other = readFileSync(at("bert/circlet.json"));
    expect((await given(other)).stderr).toMatch(/given\.json: The recipe's \w+ .* it is another model's/);
    writeFileSync(at("llama/circlet.json"), other);
    const beside = await call(["commit", at("llama"), "--positions", "4"]);
    expect(beside).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Cannot use the recipe beside .*llama: .*another model's/) as string,
    });
    expect((await call(["run", at("llama"), "--input", "abc", "--recipe", at("nothing.json")])).stderr).toMatch(
      /Cannot read the recipe .*nothing\.json: there is no such file/,
    );
  });

  it.each([
    ["run", ["run", "lande", "--input", "abc"]],
    ["prove", ["prove", "abc"]],
    ["commit", ["commit", "lande"]],
    ["verify", ["verify", at("mine.proof"), "--key", "lande"]],
    ["accuracy", ["accuracy", "lande"]],
  ])("is refused: for a network, by %s", async (_, argv) => {
    expect((await call([...argv, "--recipe", at("mine.json")])).stderr).toBe("circlet: --recipe is for a language model\n");
  });
});
