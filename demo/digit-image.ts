/**
 * A drawing as the images of MNIST: its bounding box scaled to 20 x 20 pixels with its aspect kept, then moved so that the centre of mass
 * is the centre of 28 x 28 pixels. Grey values are averages of the area that a pixel covers.
 */

export const SIDE = 28;
const BOX = 20;

/**
 * @param ink size x size values from 0 (paper) to 255 (ink), row-major
 * @returns 784 values from 0 to 255, or undefined if there is no ink
 */
export function mnistImage(ink: ArrayLike<number>, size: number): Float32Array | undefined {
  let mass = 0;
  let [sumX, sumY] = [0, 0];
  let [left, right, top, bottom] = [size, -1, size, -1];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const value = ink[y * size + x] ?? 0;
      if (value === 0) continue;
      mass += value;
      sumX += value * (x + 0.5);
      sumY += value * (y + 0.5);
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (mass === 0) return undefined;
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const [originX, originY] = [sumX / mass - (SIDE / 2) * scale, sumY / mass - (SIDE / 2) * scale];
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) =>
    Math.round(average(ink, size, originX + (i % SIDE) * scale, originY + Math.floor(i / SIDE) * scale, scale)),
  );
}

/** Mean over the square with this corner and side, in units of the drawing's pixels; paper outside. */
function average(ink: ArrayLike<number>, size: number, x: number, y: number, side: number): number {
  let sum = 0;
  for (let row = Math.max(0, Math.floor(y)); row < Math.min(size, y + side); row++) {
    const height = Math.min(row + 1, y + side) - Math.max(row, y);
    for (let column = Math.max(0, Math.floor(x)); column < Math.min(size, x + side); column++) {
      const width = Math.min(column + 1, x + side) - Math.max(column, x);
      sum += (ink[row * size + column] ?? 0) * width * height;
    }
  }
  return sum / (side * side);
}
