/** A visitor of the page: a fresh browser context a test, what they do there, and what Node makes of the same input. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { commit, cpuBackend, encodeKey, type Input, loadModel, prove } from "../src/index.ts";
import { hasBrowser, launchBrowser } from "./browser.ts";
import { MODES, type Mode, type Site, serveSite } from "./site.ts";

/** Where pictures of the run are kept. */
export const PICTURES = fileURLToPath(new URL("../.cache/e2e/", import.meta.url));

export const SENTENCE = "Où est la bibliothèque, s'il vous plaît ?";

interface Made {
  readonly id: string;
  readonly key: Uint8Array;
  readonly proof: Uint8Array;
}

/** What Node's CPU backend makes of an input. */
export async function proveInNode(model: string, input: Input, bits = 100): Promise<Made> {
  const backend = await cpuBackend({ threads: 1 });
  try {
    const key = await commit(await loadModel(model), { backend, bits });
    const { proof } = await prove(key, input, { backend });
    return { id: key.id, key: encodeKey(key.verifying), proof };
  } finally {
    await backend.close();
  }
}

export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly url: string;
  /** Errors of page and console: a test that leaves one fails. */
  errors: string[] = [];

  constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context;
    this.page = page;
    this.url = url;
    context.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      // but for the dev server's, whose socket a rewritten page may not open
      if (message.type() === "error" && !/websocket/i.test(message.text())) this.errors.push(message.text());
    });
  }

  async open(): Promise<void> {
    await this.page.goto(this.url);
  }

  text(selector: string): Promise<string | null> {
    return this.page.locator(selector).textContent();
  }

  pressProve(): Promise<void> {
    return this.page.getByRole("button", { name: "Prove", exact: true }).click();
  }

  /** Waits for an output that the page has verified in the run that was begun last. */
  proven(): Promise<void> {
    return this.page.locator("#proof[aria-busy=false] #verified strong", { hasText: "Verified" }).waitFor();
  }

  async proveSentence(): Promise<void> {
    await this.page.getByLabel("Sentence", { exact: true }).fill(SENTENCE);
    await this.pressProve();
    await this.proven();
  }

  /** Chooses files to verify. */
  choose(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const list = Object.entries(files).map(([name, bytes]) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) }));
    return this.page.locator("#files").setInputFiles(list);
  }

  /** Waits for the verdict on what was chosen. */
  verdict(word: "Accepted" | "Rejected"): Promise<void> {
    return this.page.locator("#verdict strong", { hasText: word }).waitFor();
  }

  async downloaded(name: "Download proof" | "Download key"): Promise<Uint8Array> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.getByRole("link", { name }).click()]);
    return new Uint8Array(await readFile(await download.path()));
  }
}

/** Registers tests once for each way to serve the page. `visitor` is the current test's, `node` what Node makes of the sentence. */
export function describeVisits(title: string, tests: (visitor: () => Visitor, node: () => Made, mode: Mode) => void): void {
  describe.skipIf(!hasBrowser())(title, () => {
    let browser: Browser;
    let node: Made;
    beforeAll(async () => {
      [browser, node] = await Promise.all([launchBrowser(), proveInNode("lande", SENTENCE)]);
    });
    afterAll(() => browser?.close());

    describe.each(MODES)("from the %s", (mode) => {
      let site: Site;
      let visitor: Visitor;
      beforeAll(async () => {
        site = await serveSite(mode);
      });
      afterAll(() => site?.close());
      beforeEach(async () => {
        const context = await browser.newContext();
        visitor = new Visitor(context, await context.newPage(), site.url);
      });
      afterEach(async ({ task }) => {
        const name = `${mode}-${task.name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
        try {
          await visitor.page.screenshot({ path: join(PICTURES, `${name.slice(0, 100)}.png`), fullPage: true });
        } finally {
          await visitor.context.close();
        }
        expect(visitor.errors).toEqual([]);
      });
      tests(
        () => visitor,
        () => node,
        mode,
      );
    });
  });
}
