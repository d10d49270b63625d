/** A language model's proof in segments, as a whole and part by part, on the command line. */
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, temporaryFolder } from "../testing/cli.ts";
import { smallGguf } from "../testing/gguf.ts";

const folder = temporaryFolder();
const [model, proof, key, parts] = [
  folder.file("small.gguf"),
  folder.file("all.proof"),
  folder.file("all.vk"),
  [1, 2].map((k) => folder.file(`${k}.proof`)),
] as const;
const fast = ["--threads", "1"];
const statement = ["--input", "abc", "--tokens", "4"];
let proved: Awaited<ReturnType<typeof call>>;
beforeAll(async () => {
  writeFileSync(model, smallGguf());
  proved = await call(["prove", model, ...statement, "--segments", "2", "-o", proof, "--json", ...fast]);
  for (const [k, file] of parts.entries()) {
    const { code } = await call(["prove", model, ...statement, "--segment", `${k + 1}/2`, "-o", file, ...fast]);
    expect(code).toBe(0);
  }
  await call(["commit", model, "--positions", "16", "-o", folder.file("single.vk"), ...fast]);
}, 60_000);
afterAll(folder.remove);

describe("a proof in segments", () => {
  it("is made segment after segment, and accepted", async () => {
    expect(proved.code).toBe(0);
    expect(proved.stderr).toMatch(/segment 1 of 2\nwitness ...\n[\s\S]*segment 2 of 2\nwitness ...\n/);
    const shown = JSON.parse(proved.stdout) as {
      modelId: string;
      bits: number;
      prompt: { tokens: number[] };
      generated: { tokens: number[] };
    };
    expect(shown.bits).toBeGreaterThanOrEqual(100);
    const { stdout, code } = await call(["verify", proof, "--key", key, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: true,
      modelId: shown.modelId,
      segments: 2,
      input: { tokens: [...shown.prompt.tokens, ...shown.generated.tokens] },
      output: { index: 4 },
    });
  });

  it("is verified by a key that is computed from the model for as many segments", async () => {
    const recomputed = ["verify", proof, "--key", model, "--positions", "16", ...fast];
    expect((await call([...recomputed, "--segments", "2"])).code).toBe(0);
    expect((await call([...recomputed, "--segments", "1"])).code).toBe(1);
    expect((await call(recomputed)).code).toBe(1);
  });

  it("is verified for one prompt alone where the model is the key", async () => {
    const by = ["verify", proof, "--key", model, "--positions", "16", "--segments", "2", ...fast, "--input"];
    expect((await call([...by, "abc"])).stdout).toMatch(/^prompt +5 tokens: abc$/m);
    expect(await call([...by, "abd"])).toMatchObject({ code: 1, stderr: expect.stringContaining("for another input") as string });
    expect(await call(["verify", proof, "--key", key, "--input", "abc"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--key <model> --positions 16 --segments 2\n") as string,
    });
  });

  it("is joined from its parts, in any order", async () => {
    const other = folder.file("other.vk");
    expect((await call(["commit", model, "--positions", "16", "--segments", "2", "-o", other, ...fast])).code).toBe(0);
    const joined = await call(["join", parts[1]!, parts[0]!, "--key", other, "--json"]);
    expect(joined.code).toBe(0);
    expect((await call(["verify", folder.file("other.proof"), "--key", key])).stdout).toMatch(/^accepted .* in 2 segments, verified/m);
  });

  it("is no proof if a part is missing, doubled or alone", async () => {
    const joined = await call(["join", parts[0]!, "--key", key, "-o", folder.file("no.proof")]);
    expect(joined).toMatchObject({ code: 2, stderr: "circlet: There is no proof of segment 2 of 2\n" });
    const doubled = await call(["join", parts[0]!, parts[0]!, parts[1]!, "--key", key, "-o", folder.file("no.proof")]);
    expect(doubled).toMatchObject({ code: 2, stderr: "circlet: Proof 2 is of segment 1, which has one already\n" });
    const alone = await call(["verify", parts[0]!, "--key", key]);
    expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining("join the segments") as string });
  });

  it("names the segment of another statement", async () => {
    const other = folder.file("other-2.proof");
    await call(["prove", model, "--input", "abd", "--tokens", "4", "--segment", "2/2", "-o", other, ...fast]);
    const joined = await call(["join", parts[0]!, other, "--key", key, "-o", folder.file("no.proof")]);
    expect(joined).toMatchObject({ code: 1, stderr: expect.stringMatching(/segments\/statement at segment 2/) as string });
  });

  it("is shown by inspect, as are its key and a part", async () => {
    expect((await call(["inspect", key])).stdout).toMatch(
      /^key .* 2 segments\nstatement +tokens \(16 positions\) -> the tokens that follow$/m,
    );
    const whole = (await call(["inspect", proof])).stdout;
    expect(whole).toMatch(/^proof .*, valid$/m);
    expect(whole).toMatch(/^output +the last 4 of them/m);
    expect((await call(["inspect", parts[1]!, "--key", key])).stdout).toMatch(/which shows nothing alone[\s\S]*^2 +\d+ +[0-9a-f]{64}$/m);
  });

  it.each([
    ["more segments than layers", ["prove", model, ...statement, "--segments", "9"]],
    ["a segment past the last", ["prove", model, ...statement, "--segment", "3/2"]],
    ["both flags", ["prove", model, ...statement, "--segment", "1/2", "--segments", "2"]],
    ["a key for a part", ["prove", model, ...statement, "--segment", "1/2", "--key", folder.file("x.vk")]],
    ["the Johnson regime", ["prove", model, ...statement, "--segments", "2", "--regime", "johnson"]],
    ["another kind of model", ["prove", "lande", "--input", "abc", "--segments", "2"]],
    ["segments of a key's file", ["verify", proof, "--key", key, "--segments", "2"]],
    ["the key of a single proof", ["join", parts[0]!, "--key", folder.file("single.vk")]],
  ])("is refused with %s", async (_, argv) => {
    expect((await call(argv)).code).toBe(2);
  });
});
