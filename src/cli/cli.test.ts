/** The commands end to end: what they print, write and return. Three runs are processes of their own. */
import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { call, temporaryFolder } from "../testing/cli.ts";
import { Cancelled } from "./failure.ts";

const TEXT = "un texte en français";
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = temporaryFolder();
const [proof, key] = [folder.file("lande.proof"), folder.file("lande.vk")];
const fast = ["--threads", "1"];

/** A process of the command line. */
function runProcess(argv: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...argv], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

const parsed = (text: string) => JSON.parse(text) as Record<string, unknown>;
const temporaries = () => readdirSync(folder.path).filter((name) => name.endsWith(".tmp"));

let proved: Awaited<ReturnType<typeof call>>;
beforeAll(async () => {
  proved = await call(["prove", TEXT, "-o", proof, ...fast]);
});
afterAll(folder.remove);

describe("prove", () => {
  it("proves a lone text with lande, and says how to verify it", () => {
    expect(proved.code).toBe(0);
    expect(proved.stdout).toMatch(/^model +lande$/m);
    expect(proved.stdout).toMatch(/^model id +[0-9a-f]{64}$/m);
    expect(proved.stdout).toMatch(/^output +fra \(French, output \d+\)$/m);
    expect(proved.stdout).toMatch(/^security +100\.\d\d proven bits/m);
    expect(proved.stdout).toContain(`verify ${proof} --key ${key}`);
    expect(temporaries()).toEqual([]);
  });

  it("prints a line a phase on a standard error that is no terminal, a bar on one", async () => {
    expect(proved.stderr).toBe("witness ...\ncommit ...\nlook up ...\nconstrain ...\nopen ...\n");
    const { stderr, code } = await call(["prove", TEXT, "-o", folder.file("bar.proof"), ...fast], { isTTY: true });
    expect(code).toBe(0);
    expect(stderr).toMatch(/\| *0 %/);
    expect(stderr).not.toContain("...");
  });

  it("writes the same bytes from another way to say the same, and prints one JSON object", async () => {
    const [output, keyFile] = [folder.file("b.proof"), folder.file("elsewhere.vk")];
    const { stdout, code } = await call(["prove", "--model", "lande", "--input", "-", "-o", output, "--key", keyFile, "--json", ...fast], {
      stdin: `${TEXT}\n`,
    });
    expect(code).toBe(0);
    expect(parsed(stdout)).toMatchObject({
      model: "lande",
      input: { text: TEXT },
      output: { label: "fra" },
      proof: { file: output, bytes: readFileSync(proof).length },
      key: { file: keyFile, bytes: readFileSync(key).length },
      regime: "unique-decoding",
      backend: "cpu (wasm simd, 1 thread)",
    });
    expect(readFileSync(output).equals(readFileSync(proof))).toBe(true);
    expect(readFileSync(keyFile).equals(readFileSync(key))).toBe(true);
  });

  it("reaches other bits, and says so to the verifier", async () => {
    const output = folder.file("weak.proof");
    const { stdout } = await call(["prove", TEXT, "--bits", "40", "-o", output, ...fast]);
    expect(stdout).toMatch(/ --min-bits 4\d$/m);
    const verify = ["verify", output, "--key", folder.file("weak.vk")];
    expect((await call([...verify, "--json"])).code).toBe(1);
    expect((await call([...verify, "--min-bits", "40"])).code).toBe(0);
  });

  it("stops when cancelled, and leaves no file", async () => {
    const controller = new AbortController();
    const output = folder.file("cancelled.proof");
    const onStderr = (text: string) => text.startsWith("look up") && controller.abort(new Cancelled());
    const { code, stderr, stdout } = await call(["prove", TEXT, "-o", output, "--json", ...fast], { signal: controller.signal, onStderr });
    expect(code).toBe(130);
    expect(stderr).not.toContain("open ...");
    expect(stderr).toMatch(/\ncirclet: Cancelled, nothing was written\n$/);
    expect(parsed(stdout)).toEqual({ error: { code: "cancelled", message: "Cancelled, nothing was written" } });
    expect(existsSync(output) || existsSync(folder.file("cancelled.vk"))).toBe(false);
    expect(temporaries()).toEqual([]);
  });
});

describe("verify", () => {
  it("accepts in another process that has the two files alone", async () => {
    const { code, stdout, stderr } = await runProcess(["verify", proof, "--key", key, "--json"]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(parsed(stdout)).toMatchObject({ accepted: true, model: "lande", input: { text: TEXT }, output: { label: "fra" } });
  });

  it("accepts by a key recomputed from the model", async () => {
    const { code, stdout } = await call(["verify", proof, "--key", "lande", ...fast]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^accepted/);
  });

  it("rejects a changed proof with its code, in another process too", async () => {
    const tampered = folder.file("tampered.proof");
    const bytes = readFileSync(proof);
    bytes[bytes.length - 4] = (bytes[bytes.length - 4] ?? 0) ^ 1;
    writeFileSync(tampered, bytes);
    const { code, stderr, stdout } = await runProcess(["verify", tampered, "--key", key]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^rejected: .*\(opening\/path at .*\)\n$/);
    const json = parsed((await call(["verify", tampered, "--key", key, "--json"])).stdout);
    expect(json).toMatchObject({ accepted: false, error: { code: "opening/path" } });
  });

  it("compares the input", async () => {
    expect((await call(["verify", proof, "--key", key, "--input", TEXT])).code).toBe(0);
    const { code, stdout } = await call(["verify", proof, "--key", key, "--input", `${TEXT}!`, "--json"]);
    expect(code).toBe(1);
    expect(parsed(stdout)).toMatchObject({ accepted: false, error: { code: "input/other" } });
  });
});

describe("inspect", () => {
  it("adds up the parts of a proof and finds its key beside it", async () => {
    const { code, stdout } = await call(["inspect", proof, "--json"]);
    expect(code).toBe(0);
    const { proof: shown, key: shownKey } = parsed(stdout) as {
      proof: { bytes: number; verified: boolean; parts: { bytes: number }[] };
      key: { bits: number; sources: { bits: number }[] };
    };
    expect(shown.verified).toBe(true);
    expect(shown.parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(shown.bytes);
    expect(shown.bytes).toBe(readFileSync(proof).length);
    const total = -Math.log2(shownKey.sources.reduce((sum, source) => sum + 2 ** -source.bits, 0));
    expect(Math.abs(total - shownKey.bits)).toBeLessThan(1e-6);
  });

  it("shows a key, and a proof without one", async () => {
    expect((await call(["inspect", key])).stdout).toMatch(/^queries +1\d\d\.\d\d$/m);
    const alone = folder.file("alone.proof");
    writeFileSync(alone, readFileSync(proof));
    const { code, stdout } = await call(["inspect", alone]);
    expect(code).toBe(0);
    expect(stdout).toContain("not verified");
  });
});

describe("models, run, commit, quantize, accuracy, bench", () => {
  it("lists what is bundled", async () => {
    const { stdout } = await call(["models", "--json"]);
    const { models } = parsed(stdout) as { models: { name: string; shape?: number[]; weights: number }[] };
    expect(models.map((m) => [m.name, m.shape, m.weights])).toEqual([
      ["lande", [620], 80_570],
      ["mnist-small", [1, 28, 28], 11_274],
      ["ishmael", undefined, 1_054_080],
    ]);
    expect((await call(["models"])).stdout).toMatch(/^ishmael +text +text +1054080 +writes on/m);
  });

  it("runs a test image, and the same numbers from a file", async () => {
    const image = await call(["run", "mnist-small", "--input", "mnist:7", "--json"]);
    const { output, logits, input } = parsed(image.stdout) as { output: { label: string }; logits: number[]; input: { cells: number[] } };
    expect(output.label).toBe("9");
    expect(logits).toHaveLength(10);
    const file = folder.file("image.json");
    writeFileSync(file, JSON.stringify(input.cells));
    expect(parsed((await call(["run", "mnist-small", "--input", file, "--json"])).stdout)).toEqual(parsed(image.stdout));
  });

  it("writes the key that prove writes", async () => {
    const path = folder.file("committed.vk");
    const { code, stdout } = await call(["commit", "lande", "-o", path, "--json", ...fast]);
    expect(code).toBe(0);
    expect(readFileSync(path).equals(readFileSync(key))).toBe(true);
    expect(proved.stdout).toContain((parsed(stdout) as { modelId: string }).modelId);
  });

  it("quantizes into a folder that has the same model id", async () => {
    const copy = folder.file("copy");
    const { code, stdout } = await call(["quantize", "mnist-small", "-o", copy]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^conv1 +conv /m);
    const ids = await Promise.all(
      ["mnist-small", copy].map(
        async (source, i) => parsed((await call(["commit", source, "-o", folder.file(`${i}.vk`), "--json", ...fast])).stdout).modelId,
      ),
    );
    expect(ids[1]).toBe(ids[0]);
  });

  it("describes an ONNX file by options", async () => {
    const [described, labels] = [folder.file("described"), folder.file("labels.txt")];
    writeFileSync(labels, "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
    const source = `${root}/models/mnist-small/model.onnx`;
    const flags = [
      "--name",
      "digits",
      "--exponent",
      "0",
      "--range",
      "0,255",
      "--divisor",
      "255",
      "--labels",
      labels,
      "--weight-bits",
      "10",
    ];
    expect((await call(["quantize", source, ...flags, "-o", described])).code).toBe(0);
    expect(parsed((await call(["run", described, "--input", "mnist:7", "--json"])).stdout)).toMatchObject({
      model: "digits",
      output: { label: "nine" },
    });
  });

  it("measures accuracy on a file of samples", async () => {
    const samples = folder.file("samples.json");
    writeFileSync(
      samples,
      JSON.stringify([
        { input: TEXT, label: "fra" },
        { input: "Das ist ein deutscher Satz.", label: "deu" },
        { input: "Das ist ein Satz." },
      ]),
    );
    const { stdout } = await call(["accuracy", "lande", "--samples", samples, "--json"]);
    expect(parsed(stdout)).toMatchObject({ samples: 3, agreeing: 3, labelled: 2, floatRight: 2, integerRight: 2 });
    const batches = await call(["accuracy", "lande", "--limit", "60", "--json"]);
    expect(parsed(batches.stdout)).toMatchObject({ samples: 60 });
  });

  it("measures the machine", async () => {
    const prove = parsed((await call(["bench", "--repeat", "1", "--json", ...fast])).stdout);
    expect(prove).toMatchObject({ bench: "prove", model: "lande", repeats: 1, proofBytes: readFileSync(proof).length });
    const { rows } = parsed((await call(["bench", "kernels", "--repeat", "1", "--backend", "reference", "--json"])).stdout) as {
      rows: { milliseconds: number }[];
    };
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.every((row) => row.milliseconds > 0)).toBe(true);
  });
});

describe("help", () => {
  it("has examples for every command, the package's version, and exit code 0", async () => {
    const { stdout, code } = await call(["--help"]);
    expect(code).toBe(0);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map((m) => m[1] ?? "");
    expect(names).toEqual(["models", "commit", "run", "prove", "verify", "join", "inspect", "quantize", "accuracy", "bench"]);
    for (const name of names) {
      const help = await call([name, "--help"]);
      expect(help.code).toBe(0);
      expect(help.stdout).toMatch(new RegExp(`Examples:\\n {2}circlet ${name}`));
    }
    expect((await call(["--version"])).stdout).toBe(`${manifest.version}\n`);
  });

  it("is printed to standard error with exit code 2 if nothing is asked", async () => {
    const { stdout, stderr, code } = await call([]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Usage: circlet");
  });
});

describe("the process", () => {
  it("cancels on SIGINT with exit code 130 and leaves no file", async () => {
    const output = folder.file("interrupted.proof");
    const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "prove", TEXT, "--backend", "reference", "-o", output], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    let interrupted = false;
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      // Once: a second signal leaves without a word.
      if (!interrupted && stderr.includes("look up ...")) interrupted = child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe(130);
    expect(stderr).toMatch(/circlet: Cancelled, nothing was written\n$/);
    expect(existsSync(output) || existsSync(folder.file("interrupted.vk"))).toBe(false);
    expect(temporaries()).toEqual([]);
  });
});
