/**
 * Saturation: v = min(max(q, low), low + 2^b - 1) for a q that can leave [low, low + 2^b).
 *
 * q = low + 2^b h + l with l in [0, 2^b) looked up. A table on h gives z = [h = 0] and c = low for h < 0, 0 for h = 0, low + 2^b - 1 for h > 0; then
 * v = z (l + low) + c. For Relu low is 0, so the negative half needs no table of its own.
 */
import { onesOn, type SystemBuilder, term } from "../system/builder.ts";
import type { AxisId, ColumnId, TableId, Term } from "../system/types.ts";
import { add, constant, type Expression, equal, greatest, least, less, multiply, quotient, subtract } from "../tensor/integers.ts";
import type { NodeBase } from "./operator.ts";

/** v is in [low, low + 2^bits), h in [-2^high, 2^high). */
export interface Span {
  readonly low: number;
  readonly bits: number;
  readonly high: number;
}

/** Whether q has an h of the span. */
export function splits({ low, bits, high }: Span, q: number): boolean {
  const h = Math.floor((q - low) / 2 ** bits);
  return h >= -(2 ** high) && h < 2 ** high;
}

/** v. */
export function saturated({ low, bits }: Span, q: number): number {
  return Math.min(Math.max(q, low), low + 2 ** bits - 1);
}

/** The columns h, z, c, l of values q. */
export function splitColumns({ low, bits }: Span, q: Int32Array): Record<"h" | "z" | "c" | "l", Int32Array> {
  const h = q.map((v) => Math.floor((v - low) / 2 ** bits));
  return { h, z: h.map((v) => (v === 0 ? 1 : 0)), c: h.map((v) => cut(low, bits, v)), l: q.map((v, i) => v - low - 2 ** bits * h[i]!) };
}

/** The columns of one q, and v, on a device. */
export function splitExpressions({ low, bits }: Span, q: Expression): Record<"h" | "z" | "c" | "l" | "v", Expression> {
  const end = low + 2 ** bits - 1;
  const above = subtract(q, low);
  const h = quotient(above, 2 ** bits);
  return {
    h,
    z: equal(h, 0),
    c: add(multiply(less(h, 0), low), multiply(less(constant(0), h), end)),
    l: subtract(above, multiply(h, 2 ** bits)),
    v: greatest(least(q, end), low),
  };
}

/**
 * Adds the columns of a saturation; a table maps v further, else v is the output.
 * @returns q as terms over `axes`, the columns by name, and the output column
 */
export function lowerSaturation(
  builder: SystemBuilder,
  node: NodeBase,
  { low, bits, high }: Span,
  axes: readonly AxisId[],
  table: TableId | null,
): { readonly q: Term[]; readonly columns: Record<string, ColumnId>; readonly output: ColumnId } {
  const shape = axes.map((a) => builder.sizeOf(a));
  const values = Int32Array.from({ length: 2 ** (high + 1) }, (_, i) => i - 2 ** high);
  const above = builder.functionTable(
    `saturation to ${low} and ${bits} bits`,
    -(2 ** high),
    values.map((h) => (h === 0 ? 1 : 0)),
    values.map((h) => cut(low, bits, h)),
  );
  const [h = 0, z = 0, c = 0] = builder.rows([`${node.name} above`, `${node.name} inside`, `${node.name} cut`], shape, above);
  const l = builder.witness(`${node.name} below`, shape, [0, 2 ** bits - 1]);
  const columns: Record<string, ColumnId> = { h, z, c, l };
  if (table === null) columns.y = builder.witness(node.name, shape, [low, low + 2 ** bits - 1]);
  else {
    const both = builder.mapped(`${node.name} saturated`, node.name, shape, table);
    columns.v = both.input;
    columns.y = both.output;
  }
  const on = (column: ColumnId) => ({ column, axes });
  const terms = [term(1, [on(z), on(l)]), term(1, [on(c)]), term(-1, [on(columns.v ?? columns.y)])];
  if (low !== 0) terms.push(term(low, [on(z)]));
  builder.constraint(`${node.name} saturation`, axes, terms);
  const q = [term(2 ** bits, [on(h)]), term(1, [on(l)])];
  if (low !== 0) q.push(term(low, [], onesOn(axes)));
  return { q, columns, output: columns.y };
}

/** c for one h. */
function cut(low: number, bits: number, h: number): number {
  return h < 0 ? low : h > 0 ? low + 2 ** bits - 1 : 0;
}
