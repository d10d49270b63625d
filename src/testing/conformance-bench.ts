/** What a conformance case works with. */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { Samples } from "./samples.ts";

/** A session with sampled columns and scalars. */
export class Bench {
  readonly session: Session;
  readonly samples: Samples;

  constructor(backend: Backend, seed: number) {
    this.session = backend.open();
    this.samples = new Samples(seed);
  }

  column(length: number, width: 1 | 4): Column {
    return this.session.upload(this.samples.words(length * width), width);
  }

  /** `count` consecutive scalars; returns the indices. */
  scalars(count: number): number[] {
    const first = this.session.constants(this.samples.words(4 * count));
    return Array.from({ length: count }, (_, k) => first + k);
  }

  scalar(): number {
    return this.scalars(1)[0]!;
  }

  async read(columns: readonly Column[]): Promise<number[][]> {
    return Promise.all(columns.map(async (column) => Array.from(await this.session.read(column))));
  }
}

/** A case calls verbs and returns the columns to compare. */
export type ConformanceCase = (bench: Bench) => readonly Column[];
