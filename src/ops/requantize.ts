/**
 * How an accumulator a becomes an activation: q = floor((a + 2^(s-1)) / 2^s), rounding half up, then y = q or y = table(q).
 *
 * Constraint: a + 2^(s-1) - 2^s q - r = 0 with r in [0, 2^s) and q in its range looked up; s = 0 has no r. With a table, one look-up of (q, y) proves both
 * q's range and y. Nothing saturates: the quantizer chooses s so that q fits for every input, and a run that left the range would be refused.
 */
import { InternalError, ModelError } from "../errors.ts";
import { onesOn, type SystemBuilder, term } from "../system/builder.ts";
import type { AxisId, ColumnId, Term } from "../system/types.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type FunctionTable, functionTableName, functionValues } from "./function-table.ts";
import { type Lowered, type NodeBase, type Trace, valueOn } from "./operator.ts";

/** What follows an accumulator. */
export interface Rounding {
  /** s, 0 to 30. */
  readonly shift: number;
  /** q is in [-2^(bits-1), 2^(bits-1)). */
  readonly bits: number;
  /** What q is looked up in: nothing, max(0, q), or a function. */
  readonly map: "none" | "relu" | FunctionTable;
}

/** floor((a + 2^(s-1)) / 2^s) for |a| + 2^(s-1) < 2^31. */
export function roundShift(a: number, shift: number): number {
  return shift === 0 ? a : (a + 2 ** (shift - 1)) >> shift;
}

/** The scale exponent of the activation, from that of the accumulator. */
export function roundedExponent(rounding: Rounding, exponent: number): number {
  return typeof rounding.map === "object" ? rounding.map.outputExponent : exponent - rounding.shift;
}

/** The activation of exact accumulators. @throws ModelError if one leaves the range of q */
export function roundTrace(node: NodeBase, rounding: Rounding, shape: Shape, accumulators: Int32Array): Trace {
  const { shift, bits, map } = rounding;
  const half = 2 ** (bits - 1);
  const q = new Int32Array(accumulators.length);
  for (let i = 0; i < q.length; i++) {
    const value = roundShift(accumulators[i]!, shift);
    if (value < -half || value >= half) throw new ModelError(`Node ${node.name} reaches ${value} in cell ${i}, outside its ${bits} bits`);
    q[i] = value;
  }
  const data = map === "none" ? q : map === "relu" ? q.map((v) => Math.max(v, 0)) : mapValues(map, bits, q);
  return {
    output: { shape, data },
    witness: () => ({
      q,
      ...(shift > 0 && { r: accumulators.map((a, i) => a + 2 ** (shift - 1) - q[i]! * 2 ** shift) }),
      ...(map !== "none" && { y: data }),
    }),
  };
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
  let output: ColumnId;
  if (map === "none") {
    output = columns.q = builder.witness(`${node.name} rounded`, shape, [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]);
  } else {
    const table =
      map === "relu"
        ? builder.reluTable(2 ** bits)
        : builder.functionTable(functionTableName(map), -(2 ** (bits - 1)), functionValues(map, bits));
    const both = builder.mapped(`${node.name} rounded`, node.name, shape, table);
    columns.q = both.input;
    output = columns.y = both.output;
  }
  const terms = [...accumulator, term(-(2 ** shift), [{ column: columns.q, axes }])];
  if (shift > 0) {
    columns.r = builder.witness(`${node.name} remainder`, shape, [0, 2 ** shift - 1]);
    terms.push(term(-1, [{ column: columns.r, axes }]), term(2 ** (shift - 1), [], onesOn(axes)));
  }
  builder.constraint(node.name, axes, terms);
  return { output: valueOn(output, axes, lengths, builder.columnOf(output).range, roundedExponent(rounding, exponent)), columns };
}

function mapValues(map: FunctionTable, bits: number, q: Int32Array): Int32Array {
  const table = functionValues(map, bits);
  const half = 2 ** (bits - 1);
  return q.map((v) => table[v + half]!);
}
