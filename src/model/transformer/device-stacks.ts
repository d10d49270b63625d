/** What a pass over all positions leaves of every layer, and the values of a trace as they are filled in from it. */
import type { Expression, View } from "../../tensor/integers.ts";
import type { Scratch } from "../device-verbs.ts";
import { emptyCache, keyCells } from "./device-attention.ts";
import { passLayers } from "./device-pass.ts";
import type { Kept } from "./device-projection.ts";
import type { DeviceTransformer } from "./device-views.ts";
import type { TraceName } from "./layout.ts";

interface Cells {
  readonly length: number;
}

/** `state` is [2, sites, positions, width], the others [layers, positions, outputs]; `up` if there is one. */
export type Stacks<C> = Readonly<Record<Exclude<Kept, "up">, C> & Partial<Record<"up", C>>>;

export type Filled<C> = Partial<Record<TraceName, C>>;

/** Inference of all positions at once, from the tokens or a segment's `first` states on; states and accumulators layer by layer, and the last states. */
export function passOverAll<C extends Cells>(
  model: DeviceTransformer<C>,
  tokens: C,
  first: C | null,
): { readonly stacks: Stacks<C>; readonly state: C } {
  const { device, sizes } = model;
  const cells = cellsOfStacks(model);
  const stacks = Object.fromEntries(
    Object.entries(cells).map(([name, n]) => [name, device.zeros(n * (name === "state" ? 2 * sizes.sites : sizes.layers), 1)]),
  ) as Record<Kept, C>;
  const cache = emptyCache(model);
  const keep = (name: Kept, at: number, column: C): void => {
    const n = cells[name]!;
    const limbs = name === "state" ? 2 : 1;
    for (let k = 0; k < limbs; k++) device.place(stacks[name], (k * sizes.sites + at) * n, column, k * n, [n], [1]);
  };
  const state = passLayers(model, cache, { first: 0, rows: sizes.positions, tokens, state: first, keep });
  for (const column of [cache.keys, cache.values]) device.free(column);
  return { stacks, state };
}

/** Cells of one layer or site, of one limb. */
function cellsOfStacks<C extends Cells>({ sizes, program }: DeviceTransformer<C>): Readonly<Partial<Record<Kept, number>>> {
  const { positions, width, hidden, members } = sizes;
  const keys = positions * keyCells(sizes);
  return {
    state: positions * width,
    query: members * keys,
    key: keys,
    value: keys,
    output: positions * width,
    gate: positions * hidden,
    ...(program.up && { up: positions * hidden }),
    down: positions * width,
  };
}

/** One column for every named expression. */
export function mapNamed<C extends Cells, N extends TraceName>(
  verbs: Scratch<C>,
  filled: Filled<C>,
  sizes: readonly number[],
  views: readonly View<C>[],
  tables: readonly C[],
  outputs: Readonly<Record<N, Expression>>,
): void {
  const names = Object.keys(outputs) as N[];
  const columns = verbs.map(
    sizes,
    views,
    tables,
    names.map((name) => outputs[name]),
  );
  for (const [k, name] of names.entries()) filled[name] = columns[k]!;
}
