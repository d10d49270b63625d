/** Paths of language models that are missing, damaged or of another kind: one sentence that names them, exit code 2. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { smallGguf } from "../testing/gguf.ts";
import { decoderFiles, type Files, jsonBytes, writeFiles } from "../testing/huggingface.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

describe("a wrong path", () => {
  const files = decoderFiles();
  const without = (name: string): Files => new Map([...files].filter(([file]) => file !== name));
  const withFile = (name: string, bytes: Uint8Array): Files => new Map([...files, [name, bytes]]);
  const config = (value: object) => withFile("config.json", jsonBytes(value));
  const given: Readonly<Record<string, Uint8Array | Files>> = {
    "cut.gguf": smallGguf().subarray(0, 3000),
    "cutearly.gguf": smallGguf().subarray(0, 300),
    "empty.gguf": new Uint8Array(),
    "text.gguf": new TextEncoder().encode("no model at all"),
    "text.txt": new TextEncoder().encode("no model at all"),
    noconfig: without("config.json"),
    noweights: without("model.safetensors"),
    notokenizer: without("tokenizer.json"),
    unknown: config({ architectures: ["MistralForCausalLM"] }),
    unnamed: config({}),
    badjson: withFile("config.json", new TextEncoder().encode("{")),
    cutweights: withFile("model.safetensors", files.get("model.safetensors")!.subarray(0, 5000)),
  };
  const at = (name: string) => folder.file(name);
  beforeAll(() => {
    for (const [name, content] of Object.entries(given)) {
      if (content instanceof Uint8Array) writeFileSync(at(name), content);
      else writeFiles(content, at(name));
    }
  });

  it.each<[string, RegExp]>([
    ["nothing.gguf", /Cannot read the model \S*nothing\.gguf: there is no such file/],
    ["nothing", /Unknown model \S*nothing: neither bundled \(lande, mnist-small, ishmael\) nor a file or folder/],
    ["cut.gguf", /cut\.gguf: Cannot read tensor \S+: the file ends in it/],
    ["cutearly.gguf", /cutearly\.gguf: Cannot read a GGUF file: it ends at byte 300/],
    ["empty.gguf", /empty\.gguf: Cannot read a GGUF file: it does not begin with its mark/],
    ["text.gguf", /text\.gguf: Cannot read a GGUF file: it does not begin with its mark/],
    ["text.txt", /text\.txt is no model: want a folder, an \.onnx file or a \.gguf file/],
    ["noconfig", /The folder \S*noconfig has no model: neither model\.onnx nor the config\.json of a language model/],
    ["noweights", /Cannot load \S*noweights: The folder has neither model\.safetensors nor/],
    ["notokenizer", /Cannot load \S*notokenizer: The folder has no tokenizer\.json/],
    ["unknown", /Cannot load \S*unknown: The architecture is \["MistralForCausalLM"\], circlet knows LlamaForCausalLM, Qwen2/],
    ["unnamed", /Cannot load \S*unnamed: The architecture is not named, circlet knows/],
    ["badjson", /badjson: Cannot read config\.json: /],
    ["cutweights", /cutweights: .*/],
  ])("%s is named in one sentence by every command", async (name, message) => {
    for (const argv of [
      ["prove", at(name), "--input", "abc"],
      ["run", at(name), "--input", "abc"],
      ["commit", at(name), "--positions", "8"],
      ["quantize", at(name)],
      ["accuracy", at(name)],
    ]) {
      // positions are for language models, which some of these are not
      const { code, stdout, stderr } = await call(
        argv[0] === "commit" && /^(nothing|noconfig|text\.txt)$/.test(name) ? argv.slice(0, 2) : argv,
      );
      expect([code, stdout], stderr).toEqual([2, ""]);
      expect(stderr).toMatch(message);
      expect(stderr).toMatch(/^circlet: [^\n]+\n$/);
      expect(stderr).not.toMatch(/Bug/);
    }
  });
});
