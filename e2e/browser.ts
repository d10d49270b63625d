/** Debian's Chromium, driven by Playwright; never downloaded. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATH = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** WebGPU on the CPU by SwiftShader, so that the page has an adapter on any machine. */
const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Whether there is a browser. Says so in one line if not. @throws Error if there is none and REQUIRE_BROWSER=1 */
export function hasBrowser(): boolean {
  if (existsSync(PATH)) return true;
  const line = `The page's tests need Chromium at ${PATH} (CHROMIUM=...)`;
  if (process.env.REQUIRE_BROWSER === "1") throw new Error(line);
  console.log(`${line}: not run`);
  return false;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: ARGUMENTS });
}
