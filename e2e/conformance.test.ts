/** The WebGPU backend in Chromium on SwiftShader: verb by verb against the reference, kernels under its compiler, proofs with the CPU backend's bytes. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUNDLED_MODELS } from "../src/model/load.ts";
import { cases } from "../src/testing/conformance-cases.ts";
import { hasBrowser, launchBrowser } from "./browser.ts";
import type {} from "./conformance.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function serve(): Promise<ViteDevServer> {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    cacheDir: join(ROOT, ".cache", "vite-conformance"),
    logLevel: "error",
    clearScreen: false,
    server: { port: 0, watch: null, hmr: false },
    // found only on the way otherwise, and the page would reload in the middle of a case
    optimizeDeps: { include: ["protobufjs/light.js", "wgsl-preprocessor/wgsl-preprocessor.js"], entries: ["e2e/conformance.html"] },
  });
  return server.listen();
}

describe.skipIf(!hasBrowser())("the WebGPU backend in Chromium", () => {
  let server: ViteDevServer;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];
  beforeAll(async () => {
    [server, browser] = await Promise.all([serve(), launchBrowser()]);
    page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(`${server.resolvedUrls?.local[0]}e2e/conformance.html`);
    await page.locator("#state", { hasText: "ready" }).waitFor({ timeout: 60_000 });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    expect(errors).toEqual([]);
  });

  it("runs on SwiftShader", async () => {
    expect(await page.evaluate(() => window.conformance.adapter)).toContain("swiftshader");
  });

  describe.each(["one page", "three pages"] as const)("on %s agrees with the reference", (pages) => {
    it.each(Object.keys(cases))("%s", { timeout: 240_000 }, async (name) => {
      await page.evaluate(([where, which]) => window.conformance.runCase(where, which), [pages, name] as const);
    });
  });

  it("compiles every kernel with every option", { timeout: 240_000 }, async () => {
    const { passed, failures } = await page.evaluate(() => window.conformance.compileKernels());
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });

  it.each(BUNDLED_MODELS)("proves %s with the bytes of the CPU backend", { timeout: 240_000 }, async (model) => {
    await page.evaluate((name) => window.conformance.compareProof(name), model);
  });
});
