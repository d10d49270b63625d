/** The page in a browser, from the dev server and as built: what a visitor does, and what must not happen to them. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, cpuBackend, encodeKey, type Input, loadModel, prove, VERIFY_CODES } from "../src/index.ts";
import { drawSeven, focused, startClock, stopClock, whenCommitting } from "./actions.ts";
import { hasBrowser, launchBrowser } from "./browser.ts";
import { MODES, type Site, serveSite } from "./site.ts";

const SENTENCE = "Où est la bibliothèque, s'il vous plaît ?";

interface Made {
  readonly id: string;
  readonly key: Uint8Array;
  readonly proof: Uint8Array;
}

/** What Node's CPU backend makes of an input. */
async function proveInNode(model: string, input: Input, bits = 100): Promise<Made> {
  const backend = await cpuBackend({ threads: 1 });
  try {
    const key = await commit(await loadModel(model), { backend, bits });
    const { proof } = await prove(key, input, { backend });
    return { id: key.id, key: encodeKey(key.verifying), proof };
  } finally {
    await backend.close();
  }
}

/** A copy with `add` added to one byte. */
function changed(bytes: Uint8Array, at: number, add: number): Uint8Array {
  return bytes.map((byte, i) => (i === at ? (byte + add) & 255 : byte));
}

const file = (name: string, bytes: Uint8Array) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });

/** Of the time between two turns of the event loop. A verifier on the page's own thread alone made it 130 ms. */
const LONGEST_GAP_MS = 100;

describe.skipIf(!hasBrowser())("the page", () => {
  let browser: Browser;
  let node: Made;

  beforeAll(async () => {
    [browser, node] = await Promise.all([launchBrowser(), proveInNode("lande", SENTENCE)]);
  });
  afterAll(() => browser?.close());

  describe.each(MODES)("from the %s", (mode) => {
    let site: Site;
    let context: BrowserContext;
    let page: Page;
    /** Errors of page and console: a test that leaves one fails. */
    let errors: string[];

    beforeAll(async () => {
      site = await serveSite(mode);
    });
    afterAll(() => site?.close());

    beforeEach(async () => {
      context = await browser.newContext();
      context.setDefaultTimeout(15_000);
      page = await context.newPage();
      errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    });
    afterEach(async () => {
      await context.close();
      expect(errors).toEqual([]);
    });

    const open = () => page.goto(site.url);
    const text = (selector: string) => page.locator(selector).textContent();
    const pressProve = () => page.getByRole("button", { name: "Prove", exact: true }).click();
    const proven = () => page.locator("#verified strong", { hasText: "Verified" }).waitFor();
    const choose = (name: string, bytes: Uint8Array) => page.locator("#files").setInputFiles(file(name, bytes));
    const downloaded = async (name: string) => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).click()]);
      return new Uint8Array(await readFile(await download.path()));
    };
    const proveSentence = async () => {
      await page.getByLabel("Sentence", { exact: true }).fill(SENTENCE);
      await pressProve();
      await proven();
    };

    it("proves a sentence on the CPU with the bytes that Node makes, in under 3 s", async () => {
      await open();
      const start = performance.now();
      await proveSentence();
      expect(performance.now() - start).toBeLessThan(3000);
      expect(await text("#output")).toBe("French");
      expect(await text("#model-id")).toBe(node.id);
      expect(await text("#verified")).not.toContain("does not have");
      expect(await text("#backend")).toMatch(/^Proven on cpu \(wasm simd, [2-8] threads\)$/);
      expect(await downloaded("Download proof")).toEqual(node.proof);
      expect(await downloaded("Download key")).toEqual(node.key);
      expect(await page.locator("#chart li").allTextContents()).toHaveLength(5);
    });

    it("verifies a proof file made elsewhere without starting a prover", async () => {
      await open();
      await choose("elsewhere.proof", node.proof);
      await page.getByText("Accepted").waitFor();
      expect(await text("#verdict .statement")).toContain(SENTENCE);
      expect(await text("#verdict .statement")).toMatch(/to French$/);
      expect(await text("#verdict code")).toBe(node.id);
      expect(page.workers().map((worker) => /(prove|verify)\.worker/.exec(worker.url())?.[1])).toEqual(["verify"]);
    });

    it("shows the statement that the verifier found", async () => {
      await open();
      await proveSentence();
      expect(await text("#shown")).toBe(`lande maps “${SENTENCE}” to French`);
      expect(await text("#bits")).toMatch(/^10\d\.\d$/);
      expect(await text("#size")).toBe(`${(node.proof.length / 1000).toFixed(1)} kB`);
    });

    it("proves a drawn digit with the bytes that Node makes of the same image", async () => {
      await open();
      await page.getByLabel("Which digit?").check();
      await drawSeven(page);
      const image = await page.locator("#seen").evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")?.getImageData(0, 0, 28, 28) ?? { data: [] };
        return Array.from({ length: 784 }, (_, i) => data[4 * i] ?? 0);
      });
      await pressProve();
      await proven();
      expect(await text("#output")).toBe("7");
      expect(await downloaded("Download proof")).toEqual((await proveInNode("mnist-small", image)).proof);
    });

    it.each([
      ["cut off", (proof: Uint8Array) => proof.subarray(0, proof.length - 4), "decode/size"],
      ["no proof at all", () => new TextEncoder().encode("not a proof. ".repeat(8)), "decode/header"],
      ["another output", (proof: Uint8Array) => changed(proof, 4 * 11, 1), "lookup/round"],
      ["another key's", (proof: Uint8Array) => changed(proof, 4 * 3, 1), "statement/key"],
      ["its last word", (proof: Uint8Array) => changed(proof, proof.length - 4, 1), "opening/path"],
    ])("rejects a tampered file with its code: %s", async (_, tamper, code) => {
      await open();
      await choose("tampered.proof", tamper(node.proof));
      await page.getByText("Rejected").waitFor();
      expect(await text("#verdict .statement code")).toBe(code);
      expect(await text("#verdict .statement")).toContain(VERIFY_CODES[code as keyof typeof VERIFY_CODES]);
    });

    it("rejects the last proof with any one bit flipped", async () => {
      await open();
      await proveSentence();
      await page.getByRole("button", { name: "Flip one bit" }).click();
      await page.getByText("Rejected").waitFor();
      expect(await text("#verdict .statement code")).toMatch(/^[a-z]+\/[a-z]+$/);
    });

    it("verifies a proof for a key that it does not have, if the key comes along", async () => {
      await open();
      const { proof, key } = await proveInNode("lande", SENTENCE, 104);
      await choose("other.proof", proof);
      await page.getByText("Rejected").waitFor();
      expect(await text("#verdict .statement code")).toBe("statement/key");
      await page.locator("#files").setInputFiles([file("other.proof", proof), file("other.vk", key)]);
      await page.getByText("Accepted").waitFor();
    });

    it("stays responsive from the first press to the output", async () => {
      await open();
      await page.evaluate(startClock);
      for (let run = 0; run < 3; run++) await proveSentence();
      const { longest, ticks } = await page.evaluate(stopClock);
      console.log(`${mode}: longest gap between timers during three runs ${longest.toFixed(0)} ms, ${ticks} ticks`);
      expect(longest).toBeLessThan(LONGEST_GAP_MS);
    });

    it("cancels while the network is fetched, and proves afterwards", async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      await page.route("**/model.onnx", async (route) => {
        await held;
        await route.continue().catch(() => undefined); // its worker may have been ended
      });
      await open();
      await pressProve();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Prove", exact: true }).waitFor();
      expect(await text("#announce")).toBe("Cancelled");
      release();
      await page.waitForTimeout(600);
      expect(await page.locator("#result").isVisible()).toBe(false);
      await proveSentence();
      expect(await text("#output")).toBe("French");
    });

    it("cancels in the middle of a proof: no output appears, and the next proof is the same", async () => {
      await page.addInitScript(whenCommitting, "cancel");
      await open();
      await pressProve();
      await page.locator("#announce", { hasText: "Cancelled" }).waitFor({ state: "attached" });
      await page.waitForTimeout(600);
      expect(await page.locator("#result").isVisible()).toBe(false);
      expect(await page.locator("#problem").isVisible()).toBe(false);
      await proveSentence();
      expect(await downloaded("Download proof")).toEqual(node.proof);
    });

    it("survives a reload in the middle of a proof", async () => {
      await page.addInitScript(whenCommitting, "reload");
      await open();
      const reloaded = page.waitForEvent("load");
      await pressProve();
      await reloaded;
      expect(await page.locator("#progress").isVisible()).toBe(false);
      await proveSentence();
      expect(await downloaded("Download proof")).toEqual(node.proof);
    });

    it("works by keyboard alone, every stop with a visible focus", async () => {
      await open();
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
      await proven();
      expect(await text("#output")).toBe("1");
      expect((await page.evaluate(focused)).stop).toBe("start");
      await tabTo("download-proof");
      await tabTo("files");
      await tabTo("flip");
      await page.keyboard.press("Enter");
      await page.getByText("Rejected").waitFor();
    });

    it("tells in one sentence that there is no WebGPU, and proves on the CPU", async () => {
      await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
      await open();
      expect(await text("#gpu-note")).toContain("This browser has no WebGPU.");
      expect(await page.getByLabel("GPU", { exact: true }).isDisabled()).toBe(true);
      await proveSentence();
    });

    it("has one thread on a host that does not isolate it, says so, and makes the same proof", async () => {
      await page.route(site.url, async (route) => {
        const response = await route.fetch();
        const { "cross-origin-opener-policy": _, "cross-origin-embedder-policy": __, ...headers } = response.headers();
        await route.fulfill({ response, headers });
      });
      await open();
      expect(await text("#cpu-note")).toContain("One thread only");
      await proveSentence();
      expect(await text("#backend")).toBe("Proven on cpu (wasm simd, 1 thread)");
      expect(await downloaded("Download proof")).toEqual(node.proof);
      errors = errors.filter((e) => !/websocket/i.test(e)); // the dev server's, which a rewritten page may not open
    });

    it("says what is missing, and what went wrong", async () => {
      await page.route("**/model.json", (route) => route.fulfill({ status: 404 }));
      await open();
      await page.getByLabel("Which digit?").check();
      await pressProve();
      expect(await text("#problem")).toBe("Draw a digit first.");
      await page.getByLabel("Which language?").check();
      await pressProve();
      await page.locator("#problem", { hasText: "could not be proven: Cannot read" }).waitFor();
      await page.unroute("**/model.json");
      await proveSentence();
      expect(errors.splice(0).every((e) => e.includes("404"))).toBe(true);
    });

    it("fits a phone's width, asks no other host, and stores nothing", async () => {
      const hosts = new Set<string>();
      page.on("request", (request) => request.url().startsWith("http") && hosts.add(new URL(request.url()).origin));
      await page.setViewportSize({ width: 360, height: 740 });
      await open();
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(await overflow()).toBe(0);
      await proveSentence();
      await page.getByRole("button", { name: "Flip one bit" }).click();
      await page.getByText("Rejected").waitFor();
      expect(await overflow()).toBe(0);
      await page.getByLabel("Which digit?").check();
      expect(await overflow()).toBe(0);
      expect([...hosts]).toEqual([new URL(site.url).origin]);
      expect(await context.storageState()).toEqual({ cookies: [], origins: [] });
    });
  });
});
