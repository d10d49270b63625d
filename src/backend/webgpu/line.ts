/** The line code on the device (SPEC §3), with twiddles that are made there once and kept for all sessions. */
import { encodeLayers } from "../../../shaders/index.ts";
import { MAX_RADIX_BITS } from "../../../shaders/line/encode-radix.wgsl.ts";
import { encodeTile, TILE_BITS } from "../../../shaders/line/encode-tile.wgsl.ts";
import { fold as foldKernel } from "../../../shaders/line/fold.wgsl.ts";
import { interleave as interleaveKernel } from "../../../shaders/line/interleave.wgsl.ts";
import { twiddles as twiddlesKernel } from "../../../shaders/line/twiddles.wgsl.ts";
import { add, CIRCLE_BITS, GENERATOR } from "../../line/circle.ts";
import type { Column, Scalar } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import { elementsOf, wordsOf } from "./column.ts";
import type { Recorder } from "./recorder.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

/** x and y of 2^k G, k < 31. */
const POWERS: readonly number[] = (() => {
  const words: number[] = [];
  let point = GENERATOR;
  for (let k = 0; k < CIRCLE_BITS; k++) {
    words.push(point.x, point.y);
    point = add(point, point);
  }
  return words;
})();

/** A heap of twiddles, D(n)[i] or 1 / (2 D(n)[i]) at word 2^(n-1) + i. A larger domain gets a new one; the old one stays, as sessions may have queued its use. */
export class Twiddles {
  readonly #recorder: Recorder;
  readonly #inverse: 0 | 1;
  #address = 0;
  #bits = 0;

  constructor(recorder: Recorder, inverse: 0 | 1) {
    this.#recorder = recorder;
    this.#inverse = inverse;
  }

  /** Word address of a heap that reaches D(n). */
  upTo(n: number, space: Workspace): number {
    if (n > this.#bits) {
      this.#bits = Math.max(n, TILE_BITS);
      const words = 2 ** this.#bits;
      this.#address = this.#recorder.allocate(words / 4);
      space.run(twiddlesKernel, groupsFor(words / 4), [words, this.#address, this.#inverse, 0, ...POWERS]);
    }
    return 4 * this.#address;
  }
}

export interface LineTables {
  readonly twiddles: Twiddles;
  readonly inverses: Twiddles;
}

export function interleave(space: Workspace, matrix: Column, rowBits: number, column: number): Column {
  const rows = 2 ** rowBits;
  ensure((column + 4) * rows <= matrix.length, `Columns ${column} .. ${column + 3} pass the end of the matrix`);
  const out = space.column(rows, 4);
  space.run(interleaveKernel, groupsFor(rows), [rows, elementsOf(out), wordsOf(matrix, 1) + column * rows]);
  return out;
}

export function encode(space: Workspace, { twiddles }: LineTables, message: Column, blowup: number): Column {
  const bits = exactLog2(message.length, "The message length") + blowup;
  ensure(blowup <= TILE_BITS, `A blow-up of 2^${blowup}`);
  const out = space.column(2 ** bits, 4);
  const heap = twiddles.upTo(bits, space);
  let done = Math.min(bits, TILE_BITS);
  const tiles = 2 ** (bits - done);
  space.run(encodeTile, tiles, [tiles, elementsOf(out), elementsOf(message), blowup, done, heap]);
  while (done < bits) {
    const layers = Math.min(MAX_RADIX_BITS, bits - done);
    const count = 2 ** (bits - layers);
    space.run(encodeLayers(layers), groupsFor(count), [count, elementsOf(out), done, heap]);
    done += layers;
  }
  return out;
}

export function fold(space: Workspace, { inverses }: LineTables, codeword: Column, r: Scalar): Column {
  const n = exactLog2(codeword.length, "The codeword length");
  ensure(n >= 1, "A codeword of one entry cannot be folded");
  const half = codeword.length / 2;
  const out = space.column(half, 4);
  const heap = inverses.upTo(n, space);
  space.each(foldKernel, 2 * half, [half, elementsOf(out), elementsOf(codeword), space.scalar(r), heap]);
  return out;
}
