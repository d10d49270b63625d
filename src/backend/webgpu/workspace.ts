/** What the verbs of one session work with: columns on the device, scalars' addresses, kernels in call order. */
import { copy as copyKernel } from "../../../shaders/columns/copy.wgsl.ts";
import { type Kernel, LANES } from "../../../shaders/kernel.ts";
import type { Step } from "../../../shaders/step.ts";
import { codeOf } from "../../../shaders/transcript/program.ts";
import type { Column, Scalar, Width } from "../backend.ts";
import { ensure } from "../check.ts";
import { GpuColumn, wordsOf } from "./column.ts";
import type { Channel, Recorder } from "./recorder.ts";

/** Scalars that are placed together. */
const SCALAR_BLOCK = 2 ** 12;
/** Workgroups that share the entries of a sum at most: enough to fill a large GPU, few enough to add up in one workgroup. */
const SUM_GROUPS = 1024;

/** Workgroups for one invocation an entry. */
export function groupsFor(count: number): number {
  return Math.ceil(count / LANES);
}

/** Workgroups that share the sum over `count` entries. */
export function sumGroupsFor(count: number): number {
  return Math.min(groupsFor(count), SUM_GROUPS);
}

/** Arguments of a step that the transcript's program takes at most. */
const LONGEST_STEP = 1024;

/** What is not queued yet, and has to be before what comes next. */
export interface Pending {
  flush(): void;
  pending(): boolean;
}

/** Operations that are gathered, to be queued together before the next kernel. */
export interface Gathered extends Pending {
  /** Gathers a step of the transcript's program. */
  step(step: Step, parameters: readonly number[]): void;
}

export class Workspace {
  readonly recorder: Recorder;
  readonly channel: Channel;
  readonly #blocks = new Set<number>();
  /** Element address of every scalar. */
  readonly #scalars: number[] = [];
  #scalarBlock = { next: 0, end: 0 };
  /** Whose kept columns this session uses. */
  readonly #owners = new Map<object, Map<string, GpuColumn>>();
  #gathered: Gathered | null = null;
  #list: Pending | null = null;
  readonly #soloProducts: number;
  /** Memory to give back once the gathered operations, which use it, are queued. */
  readonly #released: number[] = [];

  /** `soloProducts`: products in K that the transcript's one workgroup takes over rather than a dispatch. */
  constructor(recorder: Recorder, soloProducts: number) {
    this.recorder = recorder;
    this.#soloProducts = soloProducts;
    this.channel = recorder.openChannel();
  }

  attach(gathered: Gathered): void {
    this.#gathered = gathered;
  }

  /** A list of small work that goes before any other operation or kernel. */
  attachList(list: Pending): void {
    this.#list = list;
  }

  /** Gathers the list's work among the operations. */
  flushList(): void {
    this.#list?.flush();
  }

  /** Queues the gathered operations. */
  flush(): void {
    this.flushList();
    this.#gathered?.flush();
    for (const address of this.#released) this.recorder.free(address);
    this.#released.length = 0;
  }

  /** A new column with undefined contents. */
  column(length: number, width: Width): GpuColumn {
    const address = this.elements(Math.ceil((length * width) / 4));
    return new GpuColumn(4 * address, length, width);
  }

  /** Element address of new memory. */
  elements(count: number): number {
    const address = this.recorder.allocate(count);
    this.#blocks.add(address);
    return address;
  }

  /** The column kept for an owner under a name, or the one that `make` returns, which is kept from now on. */
  kept(owner: object, name: string, make: () => Column): GpuColumn {
    const columns = this.#owners.get(owner) ?? this.recorder.residents.enter(owner);
    this.#owners.set(owner, columns);
    const known = columns.get(name);
    if (known !== undefined) return known;
    const column = make();
    ensure(column instanceof GpuColumn && this.#blocks.delete(column.address / 4), `What is kept as "${name}" is no column of its own`);
    this.flush(); // other sessions may use it next
    columns.set(name, column);
    return column;
  }

  /** Gives back a column that is no view. */
  free(column: Column): void {
    this.release(wordsOf(column) / 4);
  }

  /** Gives back memory; kernels queued so far still use it. */
  release(address: number): void {
    ensure(this.#blocks.delete(address), "free() of a view, or of a column that is already free");
    this.#released.push(address);
    if (this.#gathered?.pending() !== true && this.#list?.pending() !== true) this.flush();
  }

  /** Whether a step of so many products in K, or entries moved, belongs into the transcript's program. */
  isSolo(step: Step, products: number, parameters: readonly number[]): boolean {
    return products <= this.#soloProducts && parameters.length <= LONGEST_STEP && codeOf(step) !== undefined;
  }

  /** Queues a step after everything before it; `parameters` begin with the number of indices. */
  each(step: Step, products: number, parameters: readonly number[]): void {
    this.flushList();
    if (this.#gathered !== null && this.isSolo(step, products, parameters)) this.#gathered.step(step, parameters);
    else this.run(step, groupsFor(parameters[0]!), parameters);
  }

  /** Queues a kernel after everything before it. */
  run(kernel: Kernel, groups: number, parameters: readonly number[]): void {
    this.flush();
    this.recorder.run(this.channel, kernel, groups, parameters);
  }

  /** Queues the copy of `count` elements between disjoint ranges. */
  copy(target: number, source: number, count: number): void {
    this.each(copyKernel, count, [count, target, source]);
  }

  /** Runs `use` with memory that is given back afterwards. */
  withMemory(count: number, use: (address: number) => void): void {
    const address = this.elements(count);
    use(address);
    this.release(address);
  }

  /** Names `count` new scalars in consecutive memory; returns the first one and its element address. */
  newScalars(count: number): { readonly first: Scalar; readonly address: number } {
    if (this.#scalarBlock.next + count > this.#scalarBlock.end) {
      const size = Math.max(SCALAR_BLOCK, count);
      const next = this.elements(size);
      this.#scalarBlock = { next, end: next + size };
    }
    const address = this.#scalarBlock.next;
    this.#scalarBlock.next += count;
    const first = this.#scalars.length;
    for (let k = 0; k < count; k++) this.#scalars.push(address + k);
    return { first, address };
  }

  /** Element address of a scalar. @throws InternalError for an index that was never returned */
  scalar(index: Scalar): number {
    const address = this.#scalars[index];
    ensure(address !== undefined, `Scalar ${index} does not exist`);
    return address;
  }

  /** Gives everything back. */
  end(): void {
    this.flush();
    for (const address of this.#blocks) this.recorder.free(address);
    this.#blocks.clear();
    for (const owner of this.#owners.keys()) this.recorder.residents.leave(owner);
    this.#owners.clear();
    this.recorder.closeChannel(this.channel);
  }
}
