import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ggufFixture } from "../../testing/gguf-fixtures.ts";
import { bytePairTokenizer, decoderFiles, type Files, jsonBytes, sharded, withSettings, writeFiles } from "../../testing/huggingface.ts";
import { isHubId } from "./hub.ts";
import { findTransformer } from "./node.ts";
import { openTransformer } from "./open.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "circlet-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe("findTransformer()", () => {
  test("opens a folder and what is in it", async () => {
    const source = await findTransformer(`${writeFiles(decoderFiles(), join(folder, "mine"))}/`);
    expect(source?.name).toBe("mine");
    const { transformer, tokenizer, name } = openTransformer(source!);
    expect([name, transformer.config.width, tokenizer.encode("abc"), tokenizer.end]).toEqual(["mine", 24, [0, 1, 2], 25]);
    expect(transformer.layers[1]?.down.weight.data).toHaveLength(24 * 40);
  });

  test("opens a GGUF file", async () => {
    writeFileSync(join(folder, "small.gguf"), ggufFixture("qwen3", { "tokenizer.ggml.model": "none" }));
    const source = await findTransformer(join(folder, "small.gguf"));
    expect([source?.kind, source?.name]).toEqual(["gguf", "small"]);
    expect(() => openTransformer(source!)).toThrow("a tokenizer of kind none");
    await expect(findTransformer(join(folder, "missing.gguf"))).rejects.toThrow("missing.gguf");
  });

  test("says what a folder lacks, and where a tokenizer is another model's", async () => {
    const files = decoderFiles();
    const open = async (changed: Files, name: string) => openTransformer((await findTransformer(writeFiles(changed, join(folder, name))))!);
    await expect(open(new Map([...files].filter(([name]) => name !== "tokenizer.json")), "a")).rejects.toThrow("no tokenizer.json");
    const { tokenizer } = bytePairTokenizer();
    await expect(open(new Map([...files, ["tokenizer.json", jsonBytes(tokenizer)]]), "b")).rejects.toThrow("264 tokens, the model 60");
  });

  test("takes nothing else for a model", async () => {
    writeFileSync(join(folder, "a.onnx"), "");
    for (const name of [folder, join(folder, "a.onnx"), "lande", "", join(folder, "none", "there")])
      expect(await findTransformer(name), name).toBeNull();
  });

  test("isHubId() knows organisation/name alone", () => {
    expect(["org/name", "HuggingFaceTB/SmolLM2-135M", "a/b_c.d"].filter(isHubId)).toHaveLength(3);
    expect(["name", "/org/name", "./org", "../org", "a/..", "a/b/c", "a/.b", "a b/c", "https://a/b"].filter(isHubId)).toEqual([]);
  });
});

describe("models of the hub", () => {
  let server: Server;
  let endpoint = "";
  let files: Files = new Map();
  let asked: string[] = [];
  /** A file of which only half is sent. */
  let broken = "";
  const cache = () => join(folder, "cache");

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const name = (request.url ?? "").replace("/org/small/resolve/main/", "");
      const bytes = files.get(name);
      if (!bytes) {
        response.writeHead(name === "config.json" && files.size === 1 ? 500 : 404).end();
        return;
      }
      response.writeHead(200, { "content-length": bytes.length });
      if (name !== broken) response.end(bytes);
      else response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    [files, asked, broken] = [decoderFiles(), [], ""];
    vi.stubEnv("HF_ENDPOINT", `${endpoint}/`);
    vi.stubEnv("CIRCLET_CACHE", cache());
  });

  test("are downloaded once, with progress", async () => {
    const seen = new Map<string, number>();
    const source = await findTransformer("org/small", {
      report: (file, received, total) => {
        expect(total).toBe(files.get(file)?.length);
        seen.set(file, received);
      },
    });
    expect(openTransformer(source!).transformer.config.hidden).toBe(40);
    expect(source?.name).toBe("small");
    expect(seen.get("model.safetensors")).toBe(files.get("model.safetensors")?.length);
    for (const [name, bytes] of files) expect(new Uint8Array(readFileSync(join(cache(), "org/small", name))), name).toEqual(bytes);
    const count = asked.length;
    expect((await findTransformer("org/small"))?.name).toBe("small");
    expect(asked).toHaveLength(count);
  });

  test("are downloaded in parts if they are in parts", async () => {
    files = sharded(new Map([...files].filter(([name]) => name !== "tokenizer_config.json")));
    const source = await findTransformer("org/small");
    expect(openTransformer(source!).transformer.config.hidden).toBe(40);
    expect(readdirSync(join(cache(), "org/small")).sort()).toEqual([...files.keys()].sort());
  });

  test("bring the files that say how they pool", async () => {
    const modules = [{ type: "sentence_transformers.models.Pooling", path: "1_Pooling" }];
    files = new Map([...files, ["modules.json", jsonBytes(modules)], ["1_Pooling/config.json", jsonBytes({})]]);
    await findTransformer("org/small");
    expect(readdirSync(join(cache(), "org/small/1_Pooling"))).toEqual(["config.json"]);
  });

  test("are not used when a download breaks off, and complete the next time", async () => {
    broken = "model.safetensors";
    await expect(findTransformer("org/small")).rejects.toThrow();
    expect(readdirSync(join(cache(), "org/small")).sort()).toEqual(["tokenizer.json", "tokenizer_config.json"]);
    broken = "";
    asked = [];
    expect((await findTransformer("org/small"))?.name).toBe("small");
    expect(asked.map((path) => path.replace(/.*\//, ""))).toEqual(["config.json", "modules.json", "model.safetensors"]);
  });

  test("are not downloaded if circlet does not know their architecture", async () => {
    files = withSettings(files, { architectures: ["MistralForCausalLM"] });
    await expect(findTransformer("org/small")).rejects.toThrow('"MistralForCausalLM"');
    expect(asked).toHaveLength(1);
    expect(existsSync(cache())).toBe(false);
  });

  test("say what the hub does not have", async () => {
    await expect(findTransformer("org/other")).rejects.toThrow("The hub has no model org/other");
    files = new Map([...files].filter(([name]) => name !== "tokenizer.json"));
    await expect(findTransformer("org/small")).rejects.toThrow("org/small has no tokenizer.json");
    files = new Map([["other", new Uint8Array(1)]]);
    await expect(findTransformer("org/small")).rejects.toThrow("org/small/resolve/main/config.json: 500");
    await expect(findTransformer("org/small", { endpoint: "http://127.0.0.1:1" })).rejects.toThrow(
      "Cannot download http://127.0.0.1:1/org/small",
    );
  });

  test("stop when they are told to", async () => {
    const control = new AbortController();
    control.abort(new Error("enough"));
    await expect(findTransformer("org/small", { signal: control.signal })).rejects.toThrow("enough");
  });
});
