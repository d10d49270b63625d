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
