/** The page in a browser, from the dev server and as built: what a visitor does, and what must not happen to them. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, cpuBackend, encodeKey, loadModel, prove } from "../src/index.ts";
import { hasBrowser, launchBrowser } from "./browser.ts";
import { MODES, type Site, serveSite } from "./site.ts";

const SENTENCE = "Où est la bibliothèque, s'il vous plaît ?";

/** What Node's CPU backend makes of the sentence. */
async function proveInNode(): Promise<{ readonly id: string; readonly key: Uint8Array; readonly proof: Uint8Array }> {
  const backend = await cpuBackend({ threads: 1 });
  try {
    const key = await commit(await loadModel("lande"), { backend });
    const { proof } = await prove(key, SENTENCE, { backend });
    return { id: key.id, key: encodeKey(key.verifying), proof };
  } finally {
    await backend.close();
  }
}

describe.skipIf(!hasBrowser())("the page", () => {
  let browser: Browser;
  let node: Awaited<ReturnType<typeof proveInNode>>;

  beforeAll(async () => {
    [browser, node] = await Promise.all([launchBrowser(), proveInNode()]);
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
    const text = (selector: string) => page.locator(selector).innerText();
    const pressProve = () => page.getByRole("button", { name: "Prove", exact: true }).click();
    const proven = () => page.locator("#verified strong", { hasText: "Verified" }).waitFor();
    const choose = (name: string, bytes: Uint8Array) =>
      page.locator("#files").setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
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
      expect(await page.locator("#chart li").allInnerTexts()).toHaveLength(5);
    });

    it("verifies a proof file made elsewhere without starting a prover", async () => {
      await open();
      await choose("elsewhere.proof", node.proof);
      await page.getByText("Accepted").waitFor();
      expect(await text("#verdict .statement")).toContain(SENTENCE);
      expect(await text("#verdict .statement")).toMatch(/to French$/);
      expect(await text("#verdict code")).toBe(node.id);
      expect(page.workers()).toHaveLength(0);
    });
  });
});
