/** Pictures of the page for the eye: `npx tsx e2e/screenshots.ts [folder]`, by default .cache/screenshots. Light, dark and a phone; at rest, proven, rejected. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { drawSeven } from "./actions.ts";
import { launchBrowser } from "./browser.ts";
import { serveSite } from "./site.ts";

const FOLDER = process.argv[2] ?? ".cache/screenshots";
const LOOKS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: "light", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  "phone-dark": { viewport: { width: 360, height: 740 }, colorScheme: "dark", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
} as const;

await mkdir(FOLDER, { recursive: true });
const site = await serveSite("build");
const browser = await launchBrowser();
for (const [look, options] of Object.entries(LOOKS)) {
  const page = await browser.newPage(options);
  const shoot = (name: string) => page.screenshot({ path: join(FOLDER, `${look}-${name}.png`), fullPage: true });
  await page.goto(site.url);
  await page.waitForTimeout(500);
  await shoot("rest");
  await prove(page);
  await shoot("sentence");
  await page.getByLabel("Which digit?").check();
  await drawSeven(page);
  await prove(page);
  await page.getByRole("button", { name: "Flip one bit" }).click();
  await page.getByText("Rejected").waitFor();
  await shoot("digit");
  await page.close();
}
await browser.close();
await site.close();

async function prove(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Prove", exact: true }).click();
  await page.locator("#verified strong").waitFor();
  await page.waitForTimeout(200);
}
