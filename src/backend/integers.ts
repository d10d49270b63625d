/** The integer verbs on canonical words, cell by cell: their definition, shared by every backend whose device is the host. */
import { fromInteger, P } from "../field/m31.ts";
import type { Expression, IntegerVerbs, View } from "../tensor/integers.ts";
import type { Column } from "./backend.ts";
import { ensure, product } from "./check.ts";

type Words = Uint32Array<ArrayBufferLike>;

/** The verbs for a backend that can see a column's words and make a column of words. */
export function integerVerbs(words: (column: Column) => Words, column: (words: Words) => Column): IntegerVerbs<Column> {
  const open = (view: View<Column>): View<Words> => ({ ...view, cells: words(view.cells) });
  return {
    dot: (sizes, over, factors, initial) => column(dot(sizes, over, factors.map(open), initial && open(initial))),
    largest: (sizes, over, view) => {
      const { values, indices } = largest(sizes, over, open(view));
      return { values: column(values), indices: column(indices) };
    },
    map: (sizes, views, tables, outputs) => map(sizes, views.map(open), tables.map(words), outputs).map(column),
    histogram: (columns, start, size) => column(histogram(columns.map(words), start, size)),
  };
}

/** The integer of a canonical word. */
function signed(word: number): number {
  return word >= 2 ** 30 ? word - P : word;
}

function dot(sizes: readonly number[], over: readonly number[], factors: readonly View<Words>[], initial: View<Words> | null): Words {
  const out = new Uint32Array(product(sizes));
  const index = [...sizes, ...over].map(() => 0);
  let at = 0;
  loop(sizes, index, 0, () => {
    let sum = initial === null ? 0 : cellAt(initial, index);
    loop(over, index, sizes.length, () => {
      sum = (sum + factors.reduce((value, view) => Math.imul(value, cellAt(view, index)), 1)) | 0;
    });
    out[at++] = fromInteger(sum);
  });
  return out;
}

function largest(sizes: readonly number[], over: readonly number[], view: View<Words>): { values: Words; indices: Words } {
  const values = new Uint32Array(product(sizes));
  const indices = new Uint32Array(values.length);
  const index = [...sizes, ...over].map(() => 0);
  let at = 0;
  loop(sizes, index, 0, () => {
    let best = Number.NEGATIVE_INFINITY;
    let j = 0;
    loop(over, index, sizes.length, () => {
      if (addressAt(view, index) >= 0 && cellAt(view, index) > best) {
        best = cellAt(view, index);
        indices[at] = j;
      }
      j++;
    });
    ensure(best >= -(2 ** 30), `Cell ${at} of a maximum has nothing inside`);
    values[at++] = fromInteger(best);
  });
  return { values, indices };
}

function map(sizes: readonly number[], views: readonly View<Words>[], tables: readonly Words[], outputs: readonly Expression[]): Words[] {
  const out = outputs.map(() => new Uint32Array(product(sizes)));
  const index = sizes.map(() => 0);
  let at = 0;
  loop(sizes, index, 0, () => {
    const known = new Map<Expression, number>();
    const value = (e: Expression): number => {
      let v = known.get(e);
      if (v === undefined) {
        v = evaluate(e, value, views, tables, index);
        known.set(e, v);
      }
      return v;
    };
    for (const [k, e] of outputs.entries()) out[k]![at] = fromInteger(value(e));
    at++;
  });
  return out;
}

function histogram(columns: readonly Words[], start: number, size: number): Words {
  const out = new Uint32Array(size + 1);
  for (const words of columns) {
    for (const word of words) {
      const row = signed(word) - start;
      const bin = row >= 0 && row < size ? row : size;
      out[bin] = out[bin]! + 1;
    }
  }
  return out;
}

function evaluate(
  e: Expression,
  value: (e: Expression) => number,
  views: readonly View<Words>[],
  tables: readonly Words[],
  index: readonly number[],
): number {
  switch (e.kind) {
    case "cell":
      return cellAt(views[e.view]!, index);
    case "inside":
      return addressAt(views[e.view]!, index) >= 0 ? 1 : 0;
    case "constant":
      return e.value;
    case "index":
      return index[e.of]!;
    case "quotient":
      return Math.floor(value(e.of) / e.by);
    case "entry": {
      const word = tables[e.table]![value(e.index)];
      return word === undefined ? 0 : signed(word);
    }
    default: {
      const [a, b] = [value(e.left), value(e.right)];
      return BINARY[e.kind](a, b);
    }
  }
}

const BINARY = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => Math.imul(a, b),
  least: Math.min,
  greatest: Math.max,
  less: (a: number, b: number) => (a < b ? 1 : 0),
  equal: (a: number, b: number) => (a === b ? 1 : 0),
};

/** Calls `visit` for every index below `sizes`, written to `index` from place `from` on. */
function loop(sizes: readonly number[], index: number[], from: number, visit: () => void, d = 0): void {
  if (d === sizes.length) {
    visit();
    return;
  }
  for (let i = 0; i < sizes[d]!; i++) {
    index[from + d] = i;
    loop(sizes, index, from, visit, d + 1);
  }
}

/** The viewed cell's place, -1 outside. */
function addressAt(view: View<Words>, index: readonly number[]): number {
  let address = 0;
  for (const { size, stride, offset, steps } of view.coordinates) {
    let at = offset;
    for (const [k, step] of steps.entries()) at += step * index[k]!;
    if (at < 0 || at >= size) return -1;
    address += stride * at;
  }
  return address;
}

function cellAt(view: View<Words>, index: readonly number[]): number {
  const address = addressAt(view, index);
  return address < 0 ? 0 : signed(view.cells[address]!);
}
