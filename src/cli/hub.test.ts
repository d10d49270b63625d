/** Language models by their hub ids, from a server of the test's own, and what is no hub id. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { decoderFiles, type Files, withSettings } from "../testing/huggingface.ts";
import { Cancelled } from "./failure.ts";

const folder = temporaryFolder();
const fast = ["--threads", "1"];
const MODELS: Readonly<Record<string, Files>> = {
  "org/small": decoderFiles(),
  "org/cancelled": decoderFiles(),
  "org/broken": decoderFiles(),
  "org/unknown": withSettings(decoderFiles(), { architectures: ["MistralForCausalLM"] }),
};
let server: Server;
let endpoint = "";
let asked = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked++;
    const [, id = "", name = ""] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(request.url ?? "") ?? [];
    const bytes = MODELS[id]?.get(name);
    if (!bytes) return response.writeHead(id === "org/private" ? 401 : 404).end();
    response.writeHead(200, { "content-length": bytes.length });
    if (id === "org/broken" && name === "model.safetensors") response.write(bytes.subarray(0, 1000), () => response.destroy());
    else response.end(bytes);
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  vi.stubEnv("HF_ENDPOINT", endpoint);
  vi.stubEnv("CIRCLET_CACHE", folder.file("cache"));
  asked = 0;
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  folder.remove();
});

describe("a hub id", () => {
  const proof = folder.file("small.proof");

  it("is downloaded with progress, and proven", async () => {
    const { stdout, stderr, code } = await call(["prove", "org/small", "--input", "abc", "--tokens", "3", "-o", proof, "--json", ...fast]);
    expect(code, stderr).toBe(0);
    const files = [...MODELS["org/small"]!.keys()].filter((name) => name !== "config.json");
    const told = [...stderr.matchAll(/^downloads (\S+): (\S+ K?i?B) of (\S+ K?i?B)$/gm)];
    expect(told.map(([, name]) => name).sort()).toEqual(files.sort());
    for (const [, , received, total] of told) expect(received).toBe(total);
    expect(stderr).toMatch(/^calibrates org\/small on sample texts/m);
    expect(JSON.parse(stdout)).toMatchObject({ model: "small", prompt: { text: "abc", tokens: [0, 1, 2] } });
  });

  it("is taken from the cache the next time, by every command, and from --model", async () => {
    const verify = ["verify", proof, "--key", "org/small", "--positions", "16", "--input", "abc", ...fast];
    expect((await call(verify)).code).toBe(0);
    const lone = await call(["prove", "--model", "org/small", "abc", "--tokens", "3", "-o", folder.file("b.proof"), ...fast]);
    expect([lone.code, lone.stderr.includes("downloads"), asked]).toEqual([0, false, 0]);
    expect(readFileSync(folder.file("b.proof"))).toEqual(readFileSync(proof));
  });

  it("has its recipe in the cache", async () => {
    const cache = folder.file("cache/org/small");
    expect((await call(["quantize", "org/small", "-o", cache])).stdout).toContain(`for commands with --recipe ${cache}/circlet.json`);
    const { code, stderr } = await call(["run", "org/small", "--input", "abc", "--tokens", "2"]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it.each<[string, string, RegExp]>([
    ["is not there", "org/none", /Cannot load org\/none: The hub has no model org\/none with a config\.json at http:/],
    ["is not to be had", "org/private", /^circlet: Cannot download http:\S+\/config\.json: 401 Unauthorized$/m],
    ["has an architecture that is unknown", "org/unknown", /The architecture is \["MistralForCausalLM"\], circlet knows LlamaForCausalLM/],
    ["breaks off", "org/broken", /^circlet: Cannot download http:\S+\/model\.safetensors: it broke off after \d+ bytes$/m],
  ])("%s: a sentence says so", async (_, id, message) => {
    const { code, stdout, stderr } = await call(["prove", id, "--input", "abc", ...fast]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/Bug|\n\s+at /);
  });

  it("of a hub that is not there: a sentence says so", async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${port}`);
    const { code, stderr } = await call(["run", "org/other", "--input", "abc"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^circlet: Cannot download http:\/\/127\.0\.0\.1:\d+\/org\/other\S+: .*ECONN[^\n]*\n$/),
    ]);
    vi.stubEnv("CIRCLET_CACHE", "/dev/null/cache");
    vi.stubEnv("HF_ENDPOINT", endpoint);
    expect(await call(["run", "org/small", "--input", "abc"])).toMatchObject({
      code: 2,
      stderr: "circlet: Cannot read the model org/small: a part of the path is no folder\n",
    });
  });

  it("is no model and leaves nothing behind that is used, when its download is cancelled", async () => {
    const controller = new AbortController();
    const answer = await call(["prove", "org/cancelled", "--input", "abc", "-o", folder.file("c.proof")], {
      signal: controller.signal,
      onStderr: (text) => text.startsWith("downloads tokenizer.json") && controller.abort(new Cancelled()),
    });
    expect(answer).toMatchObject({ code: 130, stdout: "", stderr: expect.stringMatching(/^circlet: Cancelled/m) as string });
    expect(existsSync(folder.file("c.proof"))).toBe(false);
    expect(readdirSync(folder.file("cache/org/cancelled")).filter((name) => name === "config.json" || name.endsWith(".part"))).toEqual([]);
  });
});

describe("what looks like a hub id", () => {
  it("is a text, if it stands alone", async () => {
    const { stdout, code } = await call(["prove", "and/or", "-o", folder.file("text.proof"), "--json", ...fast]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ model: "lande", input: { text: "and/or" } });
    expect(asked).toBe(0);
  });

  it("is a folder, if there is one", async () => {
    mkdirSync(folder.file("org"));
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      mkdirSync("org/small");
      expect((await call(["run", "org/small", "--input", "abc"])).stderr).toMatch(/^circlet: The folder org\/small has no model/);
    } finally {
      process.chdir(before);
    }
    expect(asked).toBe(0);
  });

  it("is a file that is missing, if it ends like one", async () => {
    const verify = ["verify", folder.file("small.proof"), "--key"];
    expect((await call([...verify, "keys/small.vk"])).stderr).toBe(
      "circlet: Cannot read the verifying key keys/small.vk: there is no such file\n",
    );
    expect((await call(["run", "nets/a.onnx", "--input", "abc"])).stderr).toMatch(/^circlet: Unknown model nets\/a\.onnx/);
    expect((await call(["run", "nets/a.gguf", "--input", "abc"])).stderr).toMatch(
      /^circlet: Cannot read the model nets\/a\.gguf: there is no such file/,
    );
    expect(asked).toBe(0);
  });
});
