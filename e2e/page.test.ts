/** The page in a browser, from the dev server and as built: what a visitor does, and what must not happen to them. */
import { expect, it } from "vitest";
import { VERIFY_CODES } from "../src/index.ts";
import { drawSeven, focused, startClock, stopClock, whenCommitting, withoutWebGpu } from "./actions.ts";
import { describeVisits, proveInNode, SENTENCE } from "./visitor.ts";

/** A copy with `add` added to one byte. */
function changed(bytes: Uint8Array, at: number, add: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? (byte + add) & 255 : byte));
}

/** Of a first proof: the worker started, the network fetched and committed to. */
const LIMIT_MS = 3000;
/** Of the time between two turns of the event loop. A verifier on the page's own thread alone made it 130 ms. */
const LONGEST_GAP_MS = 100;

describeVisits("the page", (current, node, mode) => {
  it("proves a sentence on the CPU with the bytes that Node makes, in under 3 s", { retry: 2 }, async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    const start = performance.now();
    await visitor.proveSentence();
    const elapsed = performance.now() - start;
    console.log(`${mode}: first proof on the CPU in ${(elapsed / 1000).toFixed(2)} s`);
    expect(elapsed).toBeLessThan(LIMIT_MS);
    expect(await visitor.text("#output")).toBe("French");
    expect(await visitor.text("#model-id")).toBe(node().id);
    expect(await visitor.text("#verified")).not.toContain("does not have");
    expect(await visitor.text("#backend")).toMatch(/^Proven on cpu \(wasm simd, [2-8] threads\)$/);
    expect(await visitor.downloaded("Download proof")).toEqual(node().proof);
    expect(await visitor.downloaded("Download key")).toEqual(node().key);
    expect(await page.locator("#chart li").allTextContents()).toHaveLength(5);
  });

  it("verifies a proof file made elsewhere without starting a prover", async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    await visitor.choose({ "elsewhere.proof": node().proof });
    await visitor.verdict("Accepted");
    expect(await visitor.text("#verdict .statement")).toContain(SENTENCE);
    expect(await visitor.text("#verdict .statement")).toMatch(/to French$/);
    expect(await visitor.text("#verdict code")).toBe(node().id);
    expect(page.workers().map((worker) => /(prove|verify)\.worker/.exec(worker.url())?.[1])).toEqual(["verify"]);
  });

  it("shows the statement that the verifier found", async () => {
    const visitor = current();
    await visitor.open();
    await visitor.proveSentence();
    expect(await visitor.text("#shown")).toBe(`lande maps “${SENTENCE}” to French`);
    expect(await visitor.text("#bits")).toMatch(/^10\d\.\d$/);
    expect(await visitor.text("#size")).toBe(`${(node().proof.length / 1000).toFixed(1)} kB`);
  });

  it("proves a drawn digit with the bytes that Node makes of the same image", async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    await page.getByLabel("Which digit?").check();
    await drawSeven(page);
    const image = await page.locator("#seen").evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, 28, 28) ?? { data: [] };
      return Array.from({ length: 784 }, (_, i) => data[4 * i] ?? 0);
    });
    await visitor.pressProve();
    await visitor.proven();
    expect(await visitor.text("#output")).toBe("7");
    expect(await visitor.downloaded("Download proof")).toEqual((await proveInNode("mnist-small", image)).proof);
  });

  it.each([
    ["cut off", (proof: Uint8Array) => proof.subarray(0, proof.length - 4), "decode/size"],
    ["no proof at all", () => new TextEncoder().encode("not a proof. ".repeat(8)), "decode/header"],
    ["another output", (proof: Uint8Array) => changed(proof, 4 * 11, 1), "lookup/round"],
    ["another key's", (proof: Uint8Array) => changed(proof, 4 * 3, 1), "statement/key"],
    ["its last word", (proof: Uint8Array) => changed(proof, proof.length - 4, 1), "opening/path"],
  ])("rejects a tampered file with its code: %s", async (_, tamper, code) => {
    const visitor = current();
    await visitor.open();
    await visitor.choose({ "tampered.proof": tamper(node().proof) });
    await visitor.verdict("Rejected");
    expect(await visitor.text("#verdict .statement code")).toBe(code);
    expect(await visitor.text("#verdict .statement")).toContain(VERIFY_CODES[code as keyof typeof VERIFY_CODES]);
  });

  it("rejects the last proof with any one bit flipped", async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    await visitor.proveSentence();
    await page.getByRole("button", { name: "Flip one bit" }).click();
    await visitor.verdict("Rejected");
    expect(await visitor.text("#verdict .statement code")).toMatch(/^[a-z]+\/[a-z]+$/);
  });

  it("verifies a proof for a key that it does not have, if the key comes along", async () => {
    const visitor = current();
    await visitor.open();
    const { proof, key } = await proveInNode("lande", SENTENCE, 104);
    await visitor.choose({ "other.proof": proof });
    await visitor.verdict("Rejected");
    expect(await visitor.text("#verdict .statement code")).toBe("statement/key");
    await visitor.choose({ "other.proof": proof, "other.vk": key });
    await visitor.verdict("Accepted");
  });

  it("stays responsive from the first press to the output", { retry: 4 }, async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    await page.evaluate(startClock);
    for (let run = 0; run < 3; run++) await visitor.proveSentence();
    const { longest, ticks } = await page.evaluate(stopClock);
    console.log(`${mode}: longest gap between timers during three runs ${longest.toFixed(0)} ms, ${ticks} ticks`);
    expect(longest).toBeLessThan(LONGEST_GAP_MS);
  });

  it("cancels while the network is fetched, and proves afterwards", async () => {
    const visitor = current();
    const { page } = visitor;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route("**/model.onnx", async (route) => {
      await held;
      await route.continue().catch(() => undefined); // its worker may have been ended
    });
    await visitor.open();
    await visitor.pressProve();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Prove", exact: true }).waitFor();
    expect(await visitor.text("#announce")).toBe("Cancelled");
    release();
    await page.waitForTimeout(600);
    expect(await page.locator("#result").isVisible()).toBe(false);
    await visitor.proveSentence();
    expect(await visitor.text("#output")).toBe("French");
  });

  it("cancels in the middle of a proof: no output appears, and the next proof is the same", async () => {
    const visitor = current();
    const { page } = visitor;
    await page.addInitScript(whenCommitting, "cancel");
    await visitor.open();
    await visitor.pressProve();
    await page.locator("#announce", { hasText: "Cancelled" }).waitFor({ state: "attached" });
    await page.waitForTimeout(600);
    expect(await page.locator("#result").isVisible()).toBe(false);
    expect(await page.locator("#problem").isVisible()).toBe(false);
    await visitor.proveSentence();
    expect(await visitor.downloaded("Download proof")).toEqual(node().proof);
  });

  it("survives a reload in the middle of a proof", async () => {
    const visitor = current();
    const { page } = visitor;
    await page.addInitScript(whenCommitting, "reload");
    await visitor.open();
    const reloaded = page.waitForEvent("load");
    await visitor.pressProve();
    await reloaded;
    expect(await page.locator("#progress").isVisible()).toBe(false);
    await visitor.proveSentence();
    expect(await visitor.downloaded("Download proof")).toEqual(node().proof);
  });

  it("works by keyboard alone, every stop with a visible focus", async () => {
    const visitor = current();
    const { page } = visitor;
    await visitor.open();
    const stops: string[] = [];
    const tab = async () => {
      await page.keyboard.press("Tab");
      const { stop, outlined } = await page.evaluate(focused);
      stops.push(stop);
      expect(outlined, `focus on ${stop}`).toBe(true);
      return stop;
    };
    const tabTo = async (name: string) => {
      for (let k = 0; k < 20; k++) if ((await tab()) === name) return;
      throw new Error(`No way to ${name} by Tab: ${stops.join(", ")}`);
    };
    await tabTo("lande");
    await page.keyboard.press("ArrowRight");
    await tabTo("pad");
    for (let k = 0; k < 7; k++) await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Space");
    for (let k = 0; k < 14; k++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await tabTo("start");
    await page.keyboard.press("Enter");
    await visitor.proven();
    expect(await visitor.text("#output")).toBe("1");
    expect((await page.evaluate(focused)).stop).toBe("start");
    await tabTo("download-proof");
    await tabTo("files");
    await tabTo("flip");
    await page.keyboard.press("Enter");
    await visitor.verdict("Rejected");
  });

  it("tells in one sentence that there is no WebGPU, and proves on the CPU", async () => {
    const visitor = current();
    const { page } = visitor;
    await page.addInitScript(withoutWebGpu);
    await visitor.open();
    expect(await visitor.text("#gpu-note")).toContain("This browser has no WebGPU.");
    expect(await page.getByLabel("GPU", { exact: true }).isDisabled()).toBe(true);
    await visitor.proveSentence();
  });

  it("has one thread on a host that does not isolate it, says so, and makes the same proof", async () => {
    const visitor = current();
    const { page } = visitor;
    await page.route(visitor.url, async (route) => {
      const response = await route.fetch();
      const { "cross-origin-opener-policy": _, "cross-origin-embedder-policy": __, ...headers } = response.headers();
      await route.fulfill({ response, headers });
    });
    await visitor.open();
    expect(await visitor.text("#cpu-note")).toContain("One thread only");
    await visitor.proveSentence();
    expect(await visitor.text("#backend")).toBe("Proven on cpu (wasm simd, 1 thread)");
    expect(await visitor.downloaded("Download proof")).toEqual(node().proof);
  });

  it("says what is missing, and what went wrong", async () => {
    const visitor = current();
    const { page } = visitor;
    await page.route("**/model.json", (route) => route.fulfill({ status: 404 }));
    await visitor.open();
    await page.getByLabel("Which digit?").check();
    await visitor.pressProve();
    expect(await visitor.text("#problem")).toBe("Draw a digit first.");
    await page.getByLabel("Which language?").check();
    await visitor.pressProve();
    await page.locator("#problem", { hasText: "could not be proven: Cannot read" }).waitFor();
    await page.unroute("**/model.json");
    await visitor.proveSentence();
    expect(visitor.errors.splice(0).every((e) => e.includes("404"))).toBe(true);
  });

  it("fits a phone's width, asks no other host, and stores nothing", async () => {
    const visitor = current();
    const { page } = visitor;
    const hosts = new Set<string>();
    page.on("request", (request) => request.url().startsWith("http") && hosts.add(new URL(request.url()).origin));
    await page.setViewportSize({ width: 360, height: 740 });
    await visitor.open();
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBe(0);
    await visitor.proveSentence();
    await page.getByRole("button", { name: "Flip one bit" }).click();
    await visitor.verdict("Rejected");
    expect(await overflow()).toBe(0);
    await page.getByLabel("Which digit?").check();
    expect(await overflow()).toBe(0);
    expect([...hosts]).toEqual([new URL(visitor.url).origin]);
    expect(await visitor.context.storageState()).toEqual({ cookies: [], origins: [] });
  });
});
