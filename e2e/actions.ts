/** What visitors do that takes more than a line. */
import type { Page } from "playwright-core";

/** Draws a seven on the pad with the mouse, small and off the centre. */
export async function drawSeven(page: Page): Promise<void> {
  const pad = page.locator("#pad");
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (!box) throw new Error("The pad is not shown");
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(0.15, 0.15));
  await page.mouse.down();
  await page.mouse.move(...at(0.55, 0.15), { steps: 4 });
  await page.mouse.move(...at(0.33, 0.7), { steps: 6 });
  await page.mouse.up();
}

/** In the page, before it loads: cancels or reloads once, when the prover commits to the witness. */
export function whenCommitting(action: string): void {
  new MutationObserver((_, observer) => {
    if (document.getElementById("stage")?.dataset.phase !== "commit" || sessionStorage.getItem("done")) return;
    sessionStorage.setItem("done", "yes");
    observer.disconnect();
    if (action === "reload") location.reload();
    else document.getElementById("cancel")?.click();
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

/** In the page, before it loads: a browser without WebGPU. */
export function withoutWebGpu(): void {
  Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });
}

/** Before the proving worker's own text: its GPU is lost when it has begun this many command buffers. */
export function losingGpu(after: number): string {
  return `{
    const begin = GPUDevice.prototype.createCommandEncoder;
    let begun = 0;
    GPUDevice.prototype.createCommandEncoder = function (...descriptor) {
      if (++begun === ${after}) this.destroy();
      return begin.apply(this, descriptor);
    };
  }\n`;
}

interface Clock {
  longest: number;
  ticks: number;
  running: boolean;
}

/** In the page: measures the time between turns of its event loop. */
export function startClock(): void {
  const clock: Clock = { longest: 0, ticks: 0, running: true };
  (globalThis as unknown as { clock: Clock }).clock = clock;
  const channel = new MessageChannel();
  let last = performance.now();
  channel.port1.onmessage = () => {
    const now = performance.now();
    clock.longest = Math.max(clock.longest, now - last);
    clock.ticks++;
    last = now;
    if (clock.running) setTimeout(() => channel.port2.postMessage(0), 0);
  };
  channel.port2.postMessage(0);
}

/** In the page: the longest time and the number of turns since `startClock`. */
export function stopClock(): { readonly longest: number; readonly ticks: number } {
  const { clock } = globalThis as unknown as { clock: Clock };
  clock.running = false;
  return { longest: clock.longest, ticks: clock.ticks };
}

/** In the page: which control has the focus (id, or value of a radio button), and whether one sees it. */
export function focused(): { readonly stop: string; readonly outlined: boolean } {
  const active = document.activeElement as HTMLInputElement | null;
  const shown = [active, active?.nextElementSibling, active?.labels?.[0]];
  return {
    stop: active?.id || active?.value || active?.textContent || "",
    outlined: shown.some(
      (e) => e && getComputedStyle(e).outlineStyle !== "none" && Number.parseFloat(getComputedStyle(e).outlineWidth) >= 2,
    ),
  };
}
