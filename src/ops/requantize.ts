/**
 * How an accumulator a becomes an activation: q = floor((a + 2^(s-1)) / 2^s), rounding half up, then y = q or y = table(q).
 *
 * Constraint: a + 2^(s-1) - 2^s q - r = 0 with r in [0, 2^s) and q in its range looked up; s = 0 has no r. With a table, one look-up of (q, y) proves both
 * q's range and y. Where bounds say that q always fits, nothing saturates, and a run that left the range would be refused; else q saturates, see saturate.ts.
 */
import { InternalError, ModelError } from "../errors.ts";
import { onesOn, type SystemBuilder, term } from "../system/builder.ts";
import type { AxisId, ColumnId, Term } from "../system/types.ts";
import { add, cell, type Expression, entry, greatest, multiply, quotient, subtract, type View } from "../tensor/integers.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type FunctionTable, functionTableName, functionValues } from "./function-table.ts";
import { type Computed, type IntegerDevice, type Lowered, type NodeBase, type Trace, valueOn } from "./operator.ts";
import { lowerSaturation, type Span, saturated, splitColumns, splitExpressions, splits } from "./saturate.ts";

/** What follows an accumulator. */
export interface Rounding {
  /** s, 0 to 30. */
  readonly shift: number;
  /** q is in [-2^(bits-1), 2^(bits-1)). */
  readonly bits: number;
  /** What q is looked up in: nothing, max(0, q), or a function. */
  readonly map: "none" | "relu" | FunctionTable;
  /** Present if q can leave its bits: it saturates then, and its part above them is in [-2^high, 2^high). */
  readonly high?: number;
}

/** floor((a + 2^(s-1)) / 2^s) for |a| + 2^(s-1) < 2^31. */
export function roundShift(a: number, shift: number): number {
  return shift === 0 ? a : (a + 2 ** (shift - 1)) >> shift;
}

/** The scale exponent of the activation, from that of the accumulator. */
export function roundedExponent(rounding: Rounding, exponent: number): number {
  return typeof rounding.map === "object" ? rounding.map.outputExponent : exponent - rounding.shift;
}

/** The activation of exact accumulators. @throws ModelError if one leaves the range that is proven */
export function roundTrace(node: NodeBase, rounding: Rounding, shape: Shape, accumulators: Int32Array): Trace {
  const { shift, bits, map } = rounding;
  const half = 2 ** (bits - 1);
  const q = accumulators.map((a) => roundShift(a, shift));
  const remainder = () => shift > 0 && { r: accumulators.map((a, i) => a + 2 ** (shift - 1) - q[i]! * 2 ** shift) };
  const refuse = (i: number): never => {
    throw new ModelError(`Node ${node.name} reaches ${q[i]} in cell ${i}, outside its ${bits} bits`);
  };
  if (rounding.high !== undefined) {
    const span = spanOf(rounding);
    const v = new Int32Array(q.length);
    let saturations = 0;
    for (let i = 0; i < q.length; i++) {
      if (!splits(span, q[i]!)) refuse(i);
      v[i] = saturated(span, q[i]!);
      // A negative number that Relu makes 0 is no saturation.
      if (v[i] !== q[i] && !(map === "relu" && q[i]! < 0)) saturations++;
    }
    const y = typeof map === "object" ? mapValues(map, bits, v) : v;
    return { output: { shape, data: y }, saturations, witness: () => ({ ...splitColumns(span, q), v, y, ...remainder() }) };
  }
  for (let i = 0; i < q.length; i++) if (q[i]! < -half || q[i]! >= half) refuse(i);
  const y = map === "none" ? q : map === "relu" ? q.map((v) => Math.max(v, 0)) : mapValues(map, bits, q);
  return { output: { shape, data: y }, saturations: 0, witness: () => ({ q, y, ...remainder() }) };
}

/** The activation of accumulators on a device: `accumulator` is one of them, as a function of the views at its index. */
export function roundOn<C>(
  device: IntegerDevice<C>,
  rounding: Rounding,
  shape: Shape,
  views: readonly View<C>[],
  accumulator: Expression = cell(0),
): Computed<C> {
  const { shift, bits, map } = rounding;
  const shifted = shift === 0 ? accumulator : add(accumulator, 2 ** (shift - 1));
  const q = quotient(shifted, 2 ** shift);
  const columns: Record<string, Expression> = {};
  const lookUp = (v: Expression): Expression => entry(0, add(v, 2 ** (bits - 1)));
  if (rounding.high !== undefined) {
    const { v, ...parts } = splitExpressions(spanOf(rounding), q);
    Object.assign(columns, parts);
    if (typeof map === "object") Object.assign(columns, { v, y: lookUp(v) });
    else columns.y = v;
  } else {
    columns.q = q;
    if (map !== "none") columns.y = map === "relu" ? greatest(q, 0) : lookUp(q);
  }
  if (shift > 0) columns.r = subtract(shifted, multiply(q, 2 ** shift));
  const names = Object.keys(columns);
  const tables = typeof map === "object" ? [device.constant(functionValues(map, bits))] : [];
  const cells = device.map(shape, views, tables, Object.values(columns));
  const made: Record<string, C> = Object.fromEntries(names.map((name, k) => [name, cells[k]!]));
  return { output: { shape, cells: (made.y ?? made.q)! }, columns: made };
}

/**
 * Adds the columns and the constraint of an activation on `axes`, given the accumulator's terms. `lengths` groups the axes into logical dimensions.
 * @param exponent the accumulator's
 */
export function lowerRounding(
  builder: SystemBuilder,
  node: NodeBase,
  rounding: Rounding,
  axes: readonly AxisId[],
  lengths: readonly number[],
  accumulator: readonly Term[],
  exponent: number,
): Lowered {
  const { shift, bits, map } = rounding;
  if (shift < 0 || shift > 30 || bits < 1 || bits > 29) throw new InternalError(`node ${node.name} has shift ${shift} and ${bits} bits`);
  const shape = axes.map((a) => builder.sizeOf(a));
  const columns: Record<string, ColumnId> = {};
  const low = -(2 ** (bits - 1));
  const table = (m: FunctionTable) => builder.functionTable(functionTableName(m), low, functionValues(m, bits));
  const terms = [...accumulator];
  let output: ColumnId;
  if (rounding.high !== undefined) {
    const lowered = lowerSaturation(builder, node, spanOf(rounding), axes, typeof map === "object" ? table(map) : null);
    Object.assign(columns, lowered.columns);
    terms.push(...lowered.q.map((t) => ({ ...t, coefficient: -(2 ** shift) * t.coefficient })));
    output = lowered.output;
  } else if (map === "none") {
    output = columns.q = builder.witness(`${node.name} rounded`, shape, [low, -low - 1]);
    terms.push(term(-(2 ** shift), [{ column: output, axes }]));
  } else {
    const both = builder.mapped(`${node.name} rounded`, node.name, shape, map === "relu" ? builder.reluTable(2 ** bits) : table(map));
    columns.q = both.input;
    output = columns.y = both.output;
    terms.push(term(-(2 ** shift), [{ column: both.input, axes }]));
  }
  if (shift > 0) {
    columns.r = builder.witness(`${node.name} remainder`, shape, [0, 2 ** shift - 1]);
    terms.push(term(-1, [{ column: columns.r, axes }]), term(2 ** (shift - 1), [], onesOn(axes)));
  }
  builder.constraint(node.name, axes, terms);
  return { output: valueOn(output, axes, lengths, builder.columnOf(output).range, roundedExponent(rounding, exponent)), columns };
}

/** The range that a saturating q is cut to: that of its bits, without the negative half where Relu would cut it anyway. */
export function spanOf({ bits, map, high = 0 }: Rounding): Span {
  return map === "relu" ? { low: 0, bits: bits - 1, high } : { low: -(2 ** (bits - 1)), bits, high };
}

function mapValues(map: FunctionTable, bits: number, q: Int32Array): Int32Array {
  const table = functionValues(map, bits);
  const half = 2 ** (bits - 1);
  return q.map((v) => table[v + half]!);
}
