/** Everything that can be given wrongly: one sentence on standard error, exit code 2, one JSON object with --json, never a stack trace. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeviceError, InternalError, VerifyError } from "../errors.ts";
import { call, npy, temporaryFolder } from "../testing/cli.ts";
import { failureOf } from "./failure.ts";
import { checkWritable, writeWhole } from "./files.ts";

const folder = temporaryFolder();
const at = folder.file;
const image = (edit: (cells: unknown[]) => void): string => {
  const cells: unknown[] = new Array(784).fill(0);
  edit(cells);
  return JSON.stringify(cells);
};

/** Files by name; a key and a proof are made from a real one. */
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  empty: "",
  "text.txt": "no model",
  "broken.json": "[1, 2",
  "ragged.json": "[[1, 2], [3]]",
  "object.json": '{"a": 1}',
  "short.json": "[1, 2, 3]",
  "null.json": image((cells) => (cells[5] = null)),
  "word.json": image((cells) => (cells[5] = "NaN")),
  "high.json": image((cells) => (cells[5] = 256)),
  "huge.json": `[${"1e999,".repeat(783)}0]`,
  "latin1.json": Uint8Array.of(0x5b, 0xe9, 0x5d),
  "nan.npy": npy({ descr: "<f8", shape: "(28, 28)" }, new Float64Array(784).fill(Number.NaN, 7)),
  "shape.npy": npy({ descr: "|u1", shape: "(27, 28)" }, new Uint8Array(27 * 28)),
  "cut.npy": npy({ descr: "|u1", shape: "(28, 28)" }, new Uint8Array(783)),
  "object.npy": npy({ descr: "|O", shape: "(1,)" }, new Uint8Array(8)),
  "samples.json": '[{"input": "text", "label": "klingon"}]',
  "notlist.json": "{}",
};

beforeAll(async () => {
  for (const [name, content] of Object.entries(FILES)) writeFileSync(at(name), content);
  mkdirSync(at("folder"));
  const onnx = readFileSync(fileURLToPath(new URL("../../models/mnist-small/model.onnx", import.meta.url)));
  writeFileSync(at("bare.onnx"), onnx);
  for (const [name, bytes, description] of [
    ["cut", onnx.subarray(0, 20_000), '{"name": "cut", "input": {"kind": "tensor", "exponent": 0, "range": [0, 255]}}'],
    ["baddescription", onnx, '{"name": "x"'],
    ["fewlabels", onnx, '{"name": "x", "labels": ["a"], "input": {"kind": "tensor", "exponent": 0, "range": [0, 255]}}'],
  ] as const) {
    mkdirSync(at(name));
    writeFileSync(at(`${name}/model.onnx`), bytes);
    writeFileSync(at(`${name}/model.json`), description);
  }
  await call(["prove", "hello there", "-o", at("good.proof"), "--threads", "1"]);
  await call(["commit", "mnist-small", "-o", at("other.vk"), "--threads", "1"]);
  const key = readFileSync(at("good.vk"));
  writeFileSync(at("cut.vk"), key.subarray(0, 1000));
  writeFileSync(at("long.vk"), Buffer.concat([key, Uint8Array.of(0, 0, 0, 0)]));
  writeFileSync(at("cut.proof"), readFileSync(at("good.proof")).subarray(0, 4000));
});
afterAll(folder.remove);

/** A case: the words (@name is a file of the folder), the code, a part of the sentence. */
type Case = readonly [words: string, code: string, message: RegExp];

const CASES: readonly Case[] = [
  ["unknown", "usage", /unknown command 'unknown'/],
  ["run lande --input x --inptu y", "usage", /unknown option '--inptu'.*--input/],
  ["run lande", "usage", /required option '--input <input>'/],
  ["verify @good.proof", "usage", /required option '--key <key>'/],
  ["verify --key @good.vk", "usage", /missing required argument 'proof'/],
  ["prove", "usage", /Nothing to prove/],
  ["prove lande", "usage", /The model lande needs an --input/],
  ["prove ./nowhere", "usage", /The model .\/nowhere needs an --input/],
  ["prove un texte", "usage", /too many arguments.*quotation marks, and after a model as --input/],
  ["models extra", "usage", /too many arguments for 'models'. Expected 0 arguments but got 1./],
  ["run lande --input x --tokens 3", "usage", /--tokens is for a language model/],
  ["commit lande --positions 3", "usage", /--positions is for a language model/],
  ["commit lande --segments 3", "usage", /--segments is for a language model/],
  ["verify @good.proof --key lande --positions 3", "usage", /--positions is for a language model/],
  ["verify @good.proof --key lande --segments 3", "usage", /--segments is for a language model/],
  [
    "verify @good.proof --key @good.vk --positions 3",
    "usage",
    /--positions is for a key that is recomputed from a model; a key file has its own/,
  ],
  ["verify @good.proof --key ishmael", "usage", /for a number of positions: give the one of the proof as --positions/],
  ["prove text --model lande --input text", "usage", /Two inputs/],
  ["prove text --threads 0", "usage", /Want an integer from 1 to 32/],
  ["prove text --threads 1.5", "usage", /Want an integer/],
  ["prove text --bits many", "usage", /Want a number from 1 to 120/],
  ["prove text --backend gpu", "usage", /Allowed choices are auto, cpu, webgpu, reference/],
  ["prove text --provider dawn", "usage", /are for --backend webgpu/],
  ["prove text --backend webgpu --threads 2", "usage", /--threads is for the cpu backend/],
  ["prove text --backend webgpu --provider deno", "device", /Cannot find WebGPU.*Use the CPU backend/],
  ["prove text --regime list", "usage", /Allowed choices are unique-decoding, johnson/],
  ["prove text --bits 120", "model", /Cannot reach 120 proven bits/],
  ["prove text -o @x.proof --key @x.proof", "usage", /cannot both be written/],
  ["prove text -o @nowhere/x.proof", "file", /Cannot write .*there is no folder/],
  ["prove text -o @folder", "file", /it is a folder/],
  ["prove text -o @empty/x.proof", "file", /there is no folder/],
  ["prove text -o @x.proof --key @nowhere/x.vk", "file", /Cannot write .*x\.vk/],
  ["commit lande -o @folder", "file", /it is a folder/],
  ["commit nothing", "model", /Unknown model nothing: neither bundled \(lande, mnist-small, ishmael\)/],
  ["commit @text.txt", "model", /is no model/],
  ["commit @folder", "model", /has no model: neither model\.onnx nor the config\.json of a language model/],
  ["commit @nowhere.onnx", "model", /Unknown model/],
  ["commit @bare.onnx", "model", /Cannot read .*model\.json.*what the model's input means/],
  ["commit @cut", "model", /Cannot load .*cut off/],
  ["commit @baddescription", "model", /model\.json is not JSON/],
  ["commit @fewlabels", "model", /1 labels, the network has 10/],
  ["run lande --input ", "input", /The input is empty/],
  ["run lande --input -", "input", /The input is empty/],
  ["run mnist-small --input -", "input", /The input is empty/],
  ["run mnist-small --input @nowhere.json", "file", /Cannot read the input .*no such file/],
  ["run mnist-small --input @folder", "file", /it is a folder/],
  ["run mnist-small --input @empty", "input", /is empty/],
  ["run mnist-small --input @text.txt", "input", /neither a \.npy file nor lists of numbers in JSON/],
  ["run mnist-small --input @broken.json", "input", /neither a \.npy file nor/],
  ["run mnist-small --input @latin1.json", "input", /not UTF-8/],
  ["run mnist-small --input @ragged.json", "input", /differ in length/],
  ["run mnist-small --input @object.json", "input", /is not a number/],
  ["run mnist-small --input @short.json", "input", /has shape \[3\], mnist-small takes \[1,28,28\]/],
  ["run mnist-small --input @null.json", "input", /null is not a number/],
  ["run mnist-small --input @word.json", "input", /"NaN" is not a number/],
  ["run mnist-small --input @high.json", "input", /number 5 is 256, model mnist-small takes 0 to 255/],
  ["run mnist-small --input @huge.json", "input", /has Infinity as number 0/],
  ["run mnist-small --input @nan.npy", "input", /has NaN as number 7/],
  ["run mnist-small --input @shape.npy", "input", /has shape \[27,28\]/],
  ["run mnist-small --input @cut.npy", "input", /asks for 784 bytes of cells, it has 783/],
  ["run mnist-small --input @object.npy", "input", /cannot be read/],
  ["run mnist-small --input mnist:10000", "input", /mnist:0 to mnist:9999/],
  ["run mnist-small --input mnist:-1", "input", /no MNIST test image -1/],
  ["verify @nowhere.proof --key @good.vk", "file", /Cannot read the proof/],
  ["verify @folder --key @good.vk", "file", /it is a folder/],
  ["verify @good.proof --key @nowhere.vk", "file", /Cannot read the verifying key/],
  ["verify @good.proof --key @empty", "key", /is not a verifying key/],
  ["verify @good.proof --key @good.proof", "key", /is a proof, not a verifying key/],
  ["verify @good.proof --key @cut.vk", "key", /is a damaged verifying key/],
  ["verify @good.proof --key @long.vk", "key", /4 bytes after the end/],
  ["verify @good.proof --key @good.vk --bits 90", "usage", /a key file has its own/],
  ["verify @good.proof --key @good.vk --min-bits -1", "usage", /Want a number from 0 to 124/],
  ["verify @good.proof --key @good.vk --input ", "input", /The input is empty/],
  ["inspect @text.txt", "file", /neither a proof nor a verifying key/],
  ["inspect @empty", "file", /neither a proof nor a verifying key/],
  ["inspect @good.vk --key @good.vk", "usage", /is itself a verifying key/],
  ["inspect @good.proof --key @other.vk", "statement/key", /was made for the model id/],
  ["inspect @cut.proof --key @good.vk", "decode/size", /Cannot inspect/],
  ["quantize lande --no-search", "usage", /--no-search is for a language model/],
  ["quantize lande -o @empty", "file", /there is a file of this name/],
  ["quantize @bare.onnx --exponent 0", "usage", /at least --exponent and --range/],
  ["quantize @bare.onnx --exponent 0 --range 9,1", "usage", /low <= high/],
  ["quantize @bare.onnx --exponent 0 --range 0,255 --labels @nowhere", "file", /Cannot read the labels/],
  ["accuracy lande --samples @samples.json", "input", /lande has no label klingon/],
  ["accuracy lande --samples @notlist.json", "input", /want a JSON list/],
  ["accuracy lande --limit 0", "usage", /Want an integer from 1/],
  ["bench everything", "usage", /Allowed choices are prove, kernels, layers/],
];

describe("a wrong argument, file or input", () => {
  it.each(CASES)("%s", async (words, code, message) => {
    const argv = words.split(" ").map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
    const plain = await call(argv);
    expect(plain.stderr).toMatch(/^circlet: [^\n]+\n$/);
    expect(plain.stderr).toMatch(message);
    expect(plain.stderr).not.toMatch(/Bug|Error:|\n\s+at /);
    expect(plain).toMatchObject({ code: 2, stdout: "" });
    const json = await call([...argv, "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toEqual({ error: { code, message: expect.stringMatching(message) } });
  });

  it("takes a text up to its limit", async () => {
    const long = await call(["run", "lande", "--input", "-"], { stdin: "a".repeat(100_001) });
    expect(long).toMatchObject({ code: 2, stderr: "circlet: The text has 100001 bytes, allowed are 100000\n" });
    expect((await call(["run", "lande", "--input", "-"], { stdin: Uint8Array.of(0x61, 0xff) })).stderr).toMatch(
      /not UTF-8 text: malformed at byte 1/,
    );
    expect((await call(["run", "lande", "--input", "-"], { stdin: "a".repeat(100_000) })).code).toBe(0);
  });
});

describe("a damaged proof", () => {
  it.each([
    ["cut.proof", "decode/size"],
    ["empty", "decode/size"],
    ["good.vk", "decode/header"],
  ])("%s is rejected with %s", async (name, code) => {
    const { code: exit, stderr } = await call(["verify", at(name), "--key", at("good.vk")]);
    expect(exit).toBe(1);
    expect(stderr).toMatch(new RegExp(`^rejected: [^\\n]*\\(${code} at [^\\n]*\\n$`));
  });

  it("is rejected if made for another key, or with fewer bits than asked", async () => {
    expect((await call(["verify", at("good.proof"), "--key", at("other.vk")])).stderr).toContain("statement/key");
    expect((await call(["verify", at("good.proof"), "--key", at("good.vk"), "--min-bits", "101"])).stderr).toContain("security/bits");
  });
});

describe("text of unknown origin", () => {
  it("does not reach the terminal as control characters", async () => {
    const output = at("escape.proof");
    await call(["prove", "red \u001b[31m and \u202e turned", "-o", output, "--threads", "1"]);
    for (const argv of [
      ["verify", output, "--key", at("escape.vk")],
      ["inspect", output],
    ]) {
      const { stdout } = await call(argv);
      expect(stdout).toContain("red \\u{1b}[31m and \\u{202e} turned");
      expect(["\u001b", "\u202e"].filter((control) => stdout.includes(control))).toEqual([]);
    }
  });
});

describe("failureOf()", () => {
  it.each([
    [new VerifyError("decode/size", "proof"), "decode/size", 1],
    [new DeviceError("no SIMD"), "device", 2],
    [new InternalError("x"), "internal", 2],
    [new TypeError("x is undefined"), "internal", 2],
    ["text", "internal", 2],
  ])("%s", (error, code, exit) => {
    expect(failureOf(error)).toMatchObject({ code, exit });
  });
});

describe("writeWhole()", () => {
  it("replaces a file through a link, and leaves the link", async () => {
    writeFileSync(at("target"), "old");
    symlinkSync(at("target"), at("link"));
    await writeWhole(at("link"), "new");
    expect(readFileSync(at("target"), "utf8")).toBe("new");
  });

  it("writes to a device as it is", async () => {
    await writeWhole("/dev/null", "x");
    await expect(checkWritable("/dev/null")).resolves.toBeUndefined();
    expect(readFileSync("/dev/null")).toHaveLength(0);
  });
});
