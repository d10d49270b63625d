/** A drawing becomes an image as MNIST has them, whatever its size and place. */
import { describe, expect, it } from "vitest";
import { mnistImage, SIDE } from "./digit-image.ts";

const SIZE = 280;

/** An L of strokes as wide as `unit`, 6 by 8 units, its corner box at (x, y). */
function drawL(x: number, y: number, unit: number): Uint8Array {
  const ink = new Uint8Array(SIZE * SIZE);
  const fill = (left: number, top: number, width: number, height: number) => {
    for (let row = top; row < top + height; row++) ink.fill(255, row * SIZE + left, row * SIZE + left + width);
  };
  fill(x, y, unit, 8 * unit);
  fill(x, y + 7 * unit, 6 * unit, unit);
  return ink;
}

describe("mnistImage()", () => {
  it("returns undefined for blank paper", () => {
    expect(mnistImage(new Uint8Array(SIZE * SIZE), SIZE)).toBeUndefined();
  });

  it("does not depend on the place of the drawing", () => {
    expect(mnistImage(drawL(12, 31, 20), SIZE)).toEqual(mnistImage(drawL(140, 90, 20), SIZE));
  });

  it("does not depend on its size, up to rounding", () => {
    const [small, large] = [mnistImage(drawL(3, 5, 10), SIZE), mnistImage(drawL(10, 10, 30), SIZE)];
    small?.forEach((value, i) => expect(Math.abs(value - (large?.[i] ?? Number.NaN))).toBeLessThanOrEqual(1));
    expect(small).toBeDefined();
  });

  it("keeps 20 pixels of height, the mass of the ink, and its centre in the middle", () => {
    const image = mnistImage(drawL(40, 60, 16), SIZE) ?? new Float32Array();
    const mass = image.reduce((sum, v) => sum + v, 0);
    // 13 square units of ink, a unit being 20 / 8 pixels
    expect(Math.abs(mass - 255 * 13 * 2.5 ** 2)).toBeLessThan(40);
    const rows = new Set([...image].flatMap((v, i) => (v > 0 ? [Math.floor(i / SIDE)] : [])));
    expect([20, 21]).toContain(rows.size);
    for (const axis of [(i: number) => i % SIDE, (i: number) => Math.floor(i / SIDE)]) {
      const centre = image.reduce((sum, v, i) => sum + v * (axis(i) + 0.5), 0) / mass;
      expect(Math.abs(centre - SIDE / 2)).toBeLessThan(0.02);
    }
  });

  it("gives whole numbers from 0 to 255, 255 where all is ink", () => {
    const image = [...(mnistImage(drawL(0, 0, 30), SIZE) ?? [])];
    expect(image.every((v) => Number.isInteger(v) && v >= 0 && v <= 255)).toBe(true);
    expect(Math.max(...image)).toBe(255);
  });
});
