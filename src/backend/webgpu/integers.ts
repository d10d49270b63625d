/** The integer verbs on the device. */

import { dotOf, largestOf, mapOf } from "../../../shaders/index.ts";
import { addCounts } from "../../../shaders/integer/add-counts.wgsl.ts";
import { BINS, count } from "../../../shaders/integer/count.wgsl.ts";
import type { LoopForm } from "../../../shaders/integer/loops.wgsl.ts";
import type { Kernel } from "../../../shaders/kernel.ts";
import type { IntegerVerbs } from "../../tensor/integers.ts";
import type { Column } from "../backend.ts";
import { product } from "../check.ts";
import { wordsOf } from "./column.ts";
import { type Program, programOf, usesIndex } from "./expressions.ts";
import { fewestLoops, formOf, type Loops, loopParameters, loopsOf } from "./loops.ts";
import { groupsFor, type Workspace } from "./workspace.ts";

/** A workgroup shares a sum from this length on, if its terms are one loop or there are few sums. */
const SHARED_LENGTH = 32;
const FEW_CELLS = 2 ** 10;
/** Cells that a workgroup of a histogram counts at least, and shares that cells are cut into at most. */
const COUNTED_CELLS = 2 ** 13;
const COUNT_CHUNKS = 128;

/** Kernels of programs, by the rest of their form. */
const kernels = new WeakMap<Program, Map<string, Kernel>>();

function mapKernel(program: Program, form: LoopForm & { readonly tables: number }): Kernel {
  const known = kernels.get(program) ?? new Map<string, Kernel>();
  kernels.set(program, known);
  const key = `${form.outer} ${form.inner} ${form.tables} ${form.checks.join(";")}`;
  const { steps, constants, outputs } = program;
  const kernel = known.get(key) ?? mapOf({ ...form, steps, constants: constants.length, outputs });
  known.set(key, kernel);
  return kernel;
}

export function integerVerbs(space: Workspace): IntegerVerbs<Column> {
  /** Whether a workgroup makes an element of four cells. */
  const isShared = (cells: number, { inner }: Loops): boolean =>
    product(inner) >= SHARED_LENGTH && (inner.length === 1 || cells < FEW_CELLS);

  return {
    dot(sizes, over, factors, initial) {
      const cells = product(sizes);
      const length = product(over);
      const out = space.column(cells, 1);
      const loops = fewestLoops(loopsOf(sizes, over, [...factors, ...(initial ? [initial] : [])]));
      const shared = isShared(cells, loops);
      const kernel = dotOf({ ...formOf(loops), factors: factors.length, shared });
      space.run(kernel, shared ? Math.ceil(cells / 4) : groupsFor(cells), [cells, out.address / 4, length, ...loopParameters(loops)]);
      return out;
    },

    largest(sizes, over, view) {
      const cells = product(sizes);
      const length = product(over);
      const [values, indices] = [space.column(cells, 1), space.column(cells, 1)];
      const loops = fewestLoops(loopsOf(sizes, over, [view]));
      const shared = isShared(cells, loops);
      const elements = Math.ceil(cells / 4);
      space.run(largestOf({ ...formOf(loops), shared }), shared ? elements : groupsFor(elements), [
        cells,
        values.address / 4,
        indices.address / 4,
        length,
        ...loopParameters(loops),
      ]);
      return { values, indices };
    },

    map(sizes, views, tables, outputs) {
      const cells = product(sizes);
      const columns = outputs.map(() => space.column(cells, 1));
      const program = programOf(outputs);
      const separate = loopsOf(sizes, [], views);
      const loops = usesIndex(program) ? separate : fewestLoops(separate);
      space.run(mapKernel(program, { ...formOf(loops), tables: tables.length }), groupsFor(Math.ceil(cells / 4)), [
        cells,
        ...loopParameters(loops),
        ...tables.flatMap((table) => [wordsOf(table, 1), table.length]),
        ...program.constants,
        ...columns.map((column) => column.address / 4),
      ]);
      return columns;
    },

    histogram(columns, start, size) {
      const cells = columns.reduce((n, column) => n + column.length, 0);
      const out = space.column(size + 1, 1);
      const stride = Math.ceil((size + 1) / 4);
      const windows = Math.ceil((size + 1) / BINS);
      const chunks = Math.max(1, Math.min(COUNT_CHUNKS, Math.floor(cells / Math.max(COUNTED_CELLS, size))));
      const list = columns.flatMap((column) => [wordsOf(column, 1), column.length]);
      const run = (counts: number): void =>
        space.run(count, windows * chunks, [start, size, chunks, stride, counts, columns.length, ...list]);
      if (chunks === 1) {
        run(out.address / 4);
      } else {
        space.withMemory(chunks * stride, (counts) => {
          run(counts);
          space.run(addCounts, groupsFor(stride), [stride, out.address / 4, counts, chunks]);
        });
      }
      return out;
    },
  };
}
