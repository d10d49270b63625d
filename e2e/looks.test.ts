/** Pictures of the built page for the eye, kept in .cache/e2e: wide and on a phone, light and dark; at rest, proven on CPU and GPU, rejected, without WebGPU. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawSeven, withoutWebGpu } from "./actions.ts";
import { hasBrowser, launchBrowser } from "./browser.ts";
import { type Site, serveSite } from "./site.ts";
import { PICTURES } from "./visitor.ts";

const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true } as const;
const WIDE = { viewport: { width: 1280, height: 900 } } as const;
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { ...WIDE, colorScheme: "light" }],
  ["dark", { ...WIDE, colorScheme: "dark" }],
  ["phone", { ...PHONE, colorScheme: "light" }],
  ["phone-dark", { ...PHONE, colorScheme: "dark" }],
];

async function press(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Prove", exact: true }).click();
}

async function proven(page: Page): Promise<void> {
  await page.locator("#proof[aria-busy=false] #verified strong").waitFor({ timeout: 60_000 });
}

describe.skipIf(!hasBrowser())("the page's looks", () => {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => {
    [browser, site] = await Promise.all([launchBrowser(), serveSite("build"), mkdir(PICTURES, { recursive: true })]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  it.each(LOOKS)("are kept and fit the width: %s", { timeout: 180_000 }, async (look, options) => {
    const page = await browser.newPage(options);
    const shoot = async (name: string) => {
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      await page.screenshot({ path: join(PICTURES, `look-${look}-${name}.png`), fullPage: true });
    };
    await page.goto(site.url);
    await shoot("rest");
    await press(page);
    await proven(page);
    await shoot("cpu");
    await page.getByLabel("GPU", { exact: true }).check();
    await press(page);
    await page.locator("#stage[data-phase='look up']").waitFor({ timeout: 60_000 });
    await shoot("running");
    await proven(page);
    await shoot("gpu");
    await page.getByLabel("CPU", { exact: true }).check();
    await page.getByLabel("Which digit?").check();
    await drawSeven(page);
    await press(page);
    await proven(page);
    await page.getByRole("button", { name: "Flip one bit" }).click();
    await page.getByText("Rejected").waitFor();
    await shoot("rejected");
    await page.close();

    const other = await browser.newPage(options);
    await other.addInitScript(withoutWebGpu);
    await other.goto(site.url);
    await other.locator("#gpu-note", { hasText: "No GPU here" }).waitFor();
    await other.screenshot({ path: join(PICTURES, `look-${look}-no-webgpu.png`), fullPage: true });
    await other.close();
  });
});
