/** The sponge, the tape and the scalar table of a session, as programs for the kernel `transcript`. Where a word goes is known on the host; its value is not. */

import { transcriptOf } from "../../../shaders/index.ts";
import type { Step } from "../../../shaders/step.ts";
import { codeOf, FAMILIES, hasStep, NONE, OPERATION } from "../../../shaders/transcript/program.ts";
import { search } from "../../../shaders/transcript/search.wgsl.ts";
import { MOST_OUTPUTS } from "../../../shaders/transcript/transcript.wgsl.ts";
import { P } from "../../field/m31.ts";
import type { Column, IdleTerm, Monomial, Scalar } from "../backend.ts";
import { ensure } from "../check.ts";
import { MAX_GRIND_BITS, RATE } from "../host.ts";
import { elementsOf, type GpuColumn, wordsOf } from "./column.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

/** Words of a program at most; longer lists are cut into several operations. */
const PROGRAM_WORDS = 8192;
const LONGEST_LIST = 1024;
/** Tape words that are placed together. */
const TAPE_BLOCK = 2 ** 14;
const GRIND_TAG = 1;
/** Nonces that one dispatch tries: well under a second on a slow device. */
const SEARCH_RANGE = 2 ** 22;
const SEARCH_GROUPS = 256;
/** 2^bits times this many nonces are tried: one proof of work in e^64 finds none. */
const SEARCH_FACTOR = 64;

/** Consecutive tape words. */
interface Piece {
  readonly address: number;
  readonly count: number;
}

export class Transcript {
  readonly #space: Workspace;
  readonly #state: number;
  #program: number[] = [OPERATION.reset, 2];
  /** Families that have all steps of the program. */
  #families = FAMILIES;
  #position = RATE;
  /** Tape blocks; all but the last are full. */
  readonly #tape: { readonly address: number; used: number }[] = [];

  constructor(space: Workspace) {
    this.#space = space;
    this.#state = space.elements(4);
    space.attach({
      flush: () => this.flush(),
      pending: () => this.#program.length > 0,
      step: (step, parameters) => this.#step(step, ...parameters),
    });
  }

  /** Queues the operations gathered so far. */
  flush(): void {
    if (this.#program.length === 0) return;
    const program = this.#program;
    this.#program = [];
    const [family] = this.#families;
    ensure(family !== undefined, "A program of steps that no family has");
    this.#families = FAMILIES;
    const { recorder, channel } = this.#space;
    recorder.run(channel, transcriptOf(family), 1, [this.#state, ...program, OPERATION.end]);
  }

  absorb(tag: number, words: Uint32Array): void {
    this.#begin(tag, words.length);
    let position = 0;
    for (let at = 0; at < words.length; at += LONGEST_LIST) {
      const part = words.subarray(at, at + LONGEST_LIST);
      this.#push(OPERATION.inline, part.length, position, ...part);
      position = (position + part.length) % RATE;
    }
    this.#close(position, words.length);
  }

  send(tag: number, columns: readonly Column[]): void {
    const total = columns.reduce((n, column) => n + column.length * column.width, 0);
    this.#begin(tag, total);
    let position = 0;
    for (const column of columns) {
      let source = wordsOf(column);
      for (const { address, count } of this.#extendTape(column.length * column.width)) {
        this.#push(OPERATION.column, count, position, source, address);
        position = (position + count) % RATE;
        source += count;
      }
    }
    this.#close(position, total);
  }

  draw(count: number): Scalar {
    const { first, address } = this.#space.newScalars(count);
    this.#push(OPERATION.draw, 4 * count, this.#position, address, P);
    this.#advance(4 * count);
    return first;
  }

  drawPositions(count: number, bits: number): Column {
    ensure(bits <= 29, `Positions of ${bits} bits exceed 29`);
    const column = this.#space.column(count, 1);
    this.#push(OPERATION.draw, count, this.#position, column.address / 4, 2 ** bits - 1);
    this.#advance(count);
    return column;
  }

  grind(bits: number): void {
    if (bits === 0) return;
    ensure(bits <= MAX_GRIND_BITS, `Grinding ${bits} bits exceeds ${MAX_GRIND_BITS}`);
    const all = SEARCH_FACTOR * 2 ** bits;
    for (let first = 0; first < all; first += SEARCH_RANGE) {
      const end = Math.min(all, first + SEARCH_RANGE);
      this.#space.run(search, Math.min(SEARCH_GROUPS, groupsFor(end - first)), [first, end, 2 ** bits - 1, this.#state]);
    }
    const [piece] = this.#extendTape(1);
    ensure(piece !== undefined, "No room for a nonce");
    this.#push(OPERATION.nonce, piece.address);
    this.#begin(GRIND_TAG, 1);
    this.#push(OPERATION.column, 1, 0, piece.address, NONE);
    this.#close(1, 1);
    this.#position = RATE;
  }

  constants(words: Uint32Array): Scalar {
    ensure(words.length % 4 === 0, `${words.length} words are not a whole number of elements`);
    const { first, address } = this.#space.newScalars(words.length / 4);
    for (let at = 0; at < words.length; at += LONGEST_LIST) {
      const part = words.subarray(at, at + LONGEST_LIST);
      this.#push(OPERATION.constants, part.length / 4, address + at / 4, ...part);
    }
    return first;
  }

  monomials(base: Scalar, terms: readonly Monomial[]): Scalar {
    const { first, address } = this.#space.newScalars(terms.length);
    for (let at = 0; at < terms.length; at += LONGEST_LIST) {
      const part = terms.slice(at, at + LONGEST_LIST);
      this.#push(
        OPERATION.monomials,
        part.length,
        address + at,
        this.#space.scalar(base),
        ...part.flatMap((t) => [t.exponent, t.coefficient]),
      );
    }
    return first;
  }

  /** Adds up the partial sums of `groups` workgroups for every entry of `out`, and idle terms for its first `idleOutputs` entries. */
  reduce(out: GpuColumn, idle: readonly IdleTerm[], idleOutputs: number, partials: number, groups: number): void {
    ensure(out.length <= MOST_OUTPUTS, `${out.length} sums at once`);
    this.#push(OPERATION.reduce, ...this.#sumHeader(out, idle, idleOutputs), partials, groups, out.length);
  }

  /** Runs a step that sums on the program's one workgroup. */
  sum(out: GpuColumn, idle: readonly IdleTerm[], idleOutputs: number, step: Step, parameters: readonly number[]): void {
    this.#step(step, ...this.#sumHeader(out, idle, idleOutputs), ...parameters);
  }

  /** All words sent so far. @throws InternalError if a proof of work found no nonce */
  async tape(): Promise<Uint32Array> {
    this.flush();
    const parts = await Promise.all(this.#tape.map(({ address, used }) => this.#space.recorder.read(address, used)));
    const words = new Uint32Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      words.set(part, at);
      at += part.length;
    }
    ensure(
      words.every((word) => word < P),
      "A proof of work found no nonce",
    );
    return words;
  }

  #sumHeader(out: GpuColumn, idle: readonly IdleTerm[], idleOutputs: number): number[] {
    return [
      elementsOf(out),
      idleOutputs,
      idle.length,
      ...idle.flatMap((t) => [elementsOf(t.total), this.#space.scalar(t.weight), t.factor]),
    ];
  }

  #step(step: Step, ...parameters: number[]): void {
    this.#space.flushList();
    const code = codeOf(step);
    ensure(code !== undefined, `The transcript's program has no step "${step.name}"`);
    if (!this.#families.some((family) => hasStep(family, step))) this.flush();
    this.#push(code, ...parameters); // may flush, too
    this.#families = this.#families.filter((family) => hasStep(family, step));
  }

  /** Adds an operation with its size. */
  #push(operation: number, ...operands: number[]): void {
    this.#space.flushList();
    const size = operands.length + 2;
    if (this.#program.length + size > PROGRAM_WORDS) this.flush();
    this.#program.push(operation, size, ...operands);
  }

  #begin(tag: number, length: number): void {
    this.#push(OPERATION.begin, tag, length);
  }

  #close(position: number, length: number): void {
    if (position !== 0 || length === 0) this.#push(OPERATION.close);
    this.#position = 0;
  }

  #advance(words: number): void {
    // position 8 is left only by the next draw: 8 words drawn from position 8 end at position 8
    const within = this.#position === RATE ? 0 : this.#position;
    if (words > 0) this.#position = ((within + words - 1) % RATE) + 1;
  }

  /** Places `count` further tape words. */
  #extendTape(count: number): Piece[] {
    const pieces: Piece[] = [];
    for (let left = count; left > 0; ) {
      let block = this.#tape.at(-1);
      if (block === undefined || block.used === TAPE_BLOCK) {
        block = { address: 4 * this.#space.elements(TAPE_BLOCK / 4), used: 0 };
        this.#tape.push(block);
      }
      const taken = Math.min(left, TAPE_BLOCK - block.used);
      pieces.push({ address: block.address + block.used, count: taken });
      block.used += taken;
      left -= taken;
    }
    return pieces;
  }
}
