/** The axes and columns of a transformer's constraint system, by the names that layout.ts gives them. */
import { InternalError } from "../../errors.ts";
import type { Length } from "../../system/bounds.ts";
import { type SystemBuilder, term } from "../../system/builder.ts";
import type { AxisId, ColumnId, Factor, Leaf, TableId, Term } from "../../system/types.ts";
import { type AxisName, type Sizes, shapeOf, sizeOfAxis, TRACE_AXES, type TraceName, traceNames } from "./layout.ts";
import { LOW_BITS, type TransformerProgram } from "./program.ts";

/** In the order in which sumcheck rounds bind them. */
const AXES: readonly AxisName[] = [
  "layers",
  "sites",
  "positions",
  "others",
  "groups",
  "members",
  "pairs",
  "halves",
  "otherHalves",
  "width",
  "hidden",
  "vocabulary",
];

/** Where a layer meets the residual stream. */
export type Place = "attention" | "feed" | "next";
const SITE_OF: Readonly<Record<Place, number>> = { attention: 0, feed: 1, next: 2 };

export class Frame {
  readonly builder: SystemBuilder;
  readonly program: TransformerProgram;
  readonly sizes: Sizes;
  readonly #axes = new Map<AxisName, AxisId>();
  readonly #columns = new Map<TraceName, ColumnId>();
  /** An axis of one cell. */
  readonly #one: AxisId;

  constructor(builder: SystemBuilder, program: TransformerProgram, sizes: Sizes) {
    this.builder = builder;
    this.program = program;
    this.sizes = sizes;
    const axes: readonly AxisName[] = program.skips ? ["otherWidth", ...AXES] : AXES;
    for (const name of axes) this.#axes.set(name, builder.axis(name, sizeOfAxis(sizes, name)));
    this.#one = builder.axis("one", 1);
  }

  axis(name: AxisName): AxisId {
    return this.#axes.get(name) ?? missing(`axis ${name}`);
  }

  axes(...names: readonly AxisName[]): AxisId[] {
    return names.map((name) => this.axis(name));
  }

  /** The columns of all values that the model has. */
  columns(): ReadonlyMap<TraceName, ColumnId> {
    for (const name of traceNames(this.program.config)) if (!this.#columns.has(name)) missing(`column ${name}`);
    return this.#columns;
  }

  /** Columns with values in [low, low + size). */
  range(low: number, size: number, ...names: readonly TraceName[]): void {
    for (const name of names) {
      const shape = shapeOf(this.sizes, name);
      if (Number.isInteger(Math.log2(size)))
        this.#columns.set(name, this.builder.witness(name, shape, [low, low + size - 1], this.axes(...TRACE_AXES[name])));
      else this.rows(this.builder.rangeTable(low, size), name);
    }
  }

  /** Columns with signed values of some bits. */
  signed(bits: number, ...names: readonly TraceName[]): void {
    this.range(-(2 ** (bits - 1)), 2 ** bits, ...names);
  }

  /** Columns with values in [0, 2^bits). */
  unsigned(bits: number, ...names: readonly TraceName[]): void {
    this.range(0, 2 ** bits, ...names);
  }

  /** Columns that together are rows of a table; one that exists already is looked up once more. */
  rows(table: TableId, ...names: readonly TraceName[]): void {
    const first = names[0] ?? missing("name");
    const ids = this.builder.rows(
      names.map((name) => this.#columns.get(name) ?? name),
      shapeOf(this.sizes, first),
      table,
    );
    names.forEach((name, k) => {
      this.#columns.set(name, ids[k] ?? missing(`column ${name}`));
    });
  }

  /** A column whose range follows from a constraint. */
  defined(name: TraceName, range: readonly [number, number]): void {
    this.#columns.set(name, this.builder.defined(name, shapeOf(this.sizes, name), range));
  }

  /** Says that constraints bound the length of a value's rows. */
  bounded(name: TraceName, length: Length): void {
    this.builder.bounded(this.#columns.get(name) ?? missing(`column ${name}`), length);
  }

  /** A weight on axes. */
  weight(name: string, values: Int32Array, ...axes: readonly AxisName[]): Leaf {
    const ids = this.axes(...axes);
    const column = this.builder.weight(
      name,
      ids.map((a) => this.builder.sizeOf(a)),
      values,
    );
    return { column, axes: ids };
  }

  /** A value on its own axes, or on others where `replace` names them. */
  on(name: TraceName, replace: Partial<Record<AxisName, AxisName>> = {}): Leaf {
    const column = this.#columns.get(name) ?? missing(`column ${name}`);
    return { column, axes: TRACE_AXES[name].map((axis) => this.axis(replace[axis] ?? axis)) };
  }

  /** 1 where a site is the given place of a layer. */
  site(place: Place): Factor {
    return { kind: "window", axes: [this.axis("layers"), this.#one, this.axis("sites")], stride: 2, dilation: 1, pad: -SITE_OF[place] };
  }

  /** coefficient times the residual stream at one place of every layer. */
  state(coefficient: number, at: Factor): Term[] {
    return [term(coefficient * 2 ** LOW_BITS, [this.on("stateHigh")], [at]), term(coefficient, [this.on("stateLow")], [at])];
  }
}

function missing(what: string): never {
  throw new InternalError(`the transformer has no ${what}`);
}
