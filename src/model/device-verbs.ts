/** What a witness is made with on a device: the session's verbs and columns, and temporary columns that are freed together. */
import type { IntegerVerbs } from "../tensor/integers.ts";

/** A device with columns `C`: what `Session` offers of it. */
export interface WitnessDevice<C extends { readonly length: number }> extends IntegerVerbs<C> {
  upload(words: Uint32Array, width: 1): C;
  zeros(length: number, width: 1): C;
  slice(column: C, offset: number, length: number): C;
  place(dst: C, dstOffset: number, src: C, srcOffset: number, sizes: readonly number[], strides: readonly number[]): void;
  free(column: C): void;
  read(column: C): Promise<Uint32Array>;
}

/** The verbs of a device; columns that they make belong to the scratch until they are kept. */
export class Scratch<C extends { readonly length: number }> implements IntegerVerbs<C> {
  readonly #device: WitnessDevice<C>;
  readonly #made = new Set<C>();

  constructor(device: WitnessDevice<C>) {
    this.#device = device;
  }

  dot(...call: Parameters<IntegerVerbs<C>["dot"]>): C {
    return this.own(this.#device.dot(...call));
  }

  largest(...call: Parameters<IntegerVerbs<C>["largest"]>): { readonly values: C; readonly indices: C } {
    const { values, indices } = this.#device.largest(...call);
    return { values: this.own(values), indices: this.own(indices) };
  }

  map(...call: Parameters<IntegerVerbs<C>["map"]>): C[] {
    return this.#device.map(...call).map((column) => this.own(column));
  }

  histogram(...call: Parameters<IntegerVerbs<C>["histogram"]>): C {
    return this.own(this.#device.histogram(...call));
  }

  /** Frees all columns that were made, but those kept. */
  end(kept: Iterable<C> = []): void {
    for (const column of kept) this.#made.delete(column);
    for (const column of this.#made) this.#device.free(column);
    this.#made.clear();
  }

  /** Takes a column, to be freed with the others. */
  own(column: C): C {
    this.#made.add(column);
    return column;
  }
}
