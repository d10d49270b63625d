/**
 * What circlet asks of an operator: its output's shape, its exact integer definition, and how it becomes columns, constraints and look-ups (SPEC §4).
 *
 * Values have no batch dimension: a proof is about one sample. A value is a tensor with *logical dimensions*; its column may have more axes, because
 * reshaping only relabels: a logical dimension is a list of column axes, most significant first.
 */
import { InternalError, ModelError } from "../errors.ts";
import type { SystemBuilder } from "../system/builder.ts";
import { type AxisId, type ColumnId, cellsOf, type Leaf } from "../system/types.ts";
import type { IntegerVerbs } from "../tensor/integers.ts";
import type { IntTensor } from "../tensor/tensor.ts";

/** What every node has: a name for messages, the values it reads and the one it makes. */
export interface NodeBase {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** The result of a node on integers. */
export interface Trace {
  readonly output: IntTensor;
  /** How many cells were cut to their range; absent for operators that cannot. */
  readonly saturations?: number;
  /** The witness columns, by the names that `lower` gives them, and maybe more; without limbs and multiplicities. Computed on demand. */
  witness(): Readonly<Record<string, Int32Array>>;
}

/** A value in a constraint system. */
export interface Value {
  readonly column: ColumnId;
  /** One a dimension of the column. Constraints that read the column cell by cell reuse them, so that evaluations are shared. */
  readonly axes: readonly AxisId[];
  /** Logical dimension -> indices into `axes`, most significant first; every index occurs once. */
  readonly dimensions: readonly (readonly number[])[];
  /** Smallest and largest value that the constraints allow. */
  readonly range: readonly [number, number];
  /** An integer v stands for v 2^-exponent. */
  readonly exponent: number;
}

/** A lowered node. */
export interface Lowered {
  readonly output: Value;
  /** The witness columns that the node's trace fills. */
  readonly columns: Readonly<Record<string, ColumnId>>;
}

/** What an operator computes with on a device, where `C` is a handle of cells. */
export interface IntegerDevice<C> extends IntegerVerbs<C> {
  /** The cells of a weight or table, given as the array that `lower` has committed. */
  constant(values: Int32Array): C;
}

/** A value on a device, row-major in logical dimensions. */
export interface DeviceTensor<C> {
  readonly shape: readonly number[];
  readonly cells: C;
}

/** The result of a node on a device. A cell that leaves its proven range is no error here: it misses its table. */
export interface Computed<C> {
  readonly output: DeviceTensor<C>;
  /** The witness columns, by the names that `lower` gives them. */
  readonly columns: Readonly<Record<string, C>>;
}

export interface Operator<N extends NodeBase> {
  /** The output's logical shape. @throws ModelError naming the node if the inputs do not fit */
  shape(node: N, inputs: readonly (readonly number[])[]): number[];
  /** The definition, exact. Inputs are row-major in logical dimensions. */
  run(node: N, inputs: readonly IntTensor[]): Trace;
  /** The same as `run`, cell for cell, in a device's verbs. */
  compute<C>(device: IntegerDevice<C>, node: N, inputs: readonly DeviceTensor<C>[]): Computed<C>;
  /** Adds the node to a system. @throws ModelError naming the node if it cannot be proven */
  lower(builder: SystemBuilder, node: N, inputs: readonly Value[]): Lowered;
}

/** The columns' axes in logical order, so that a column made on them is row-major as the value is. */
export function logicalAxes(value: Value): AxisId[] {
  return value.dimensions.flat().map((i) => axisAt(value, i));
}

/** The logical shape. */
export function shapeOf(builder: SystemBuilder, value: Value): number[] {
  return value.dimensions.map((indices) => cellsOf(indices.map((i) => builder.sizeOf(axisAt(value, i)))));
}

/** The value's column on its own axes, or on others where `replace` names them. */
export function leafOf(value: Value, replace: ReadonlyMap<AxisId, AxisId> = new Map()): Leaf {
  return { column: value.column, axes: value.axes.map((a) => replace.get(a) ?? a) };
}

/** The column axes of one logical dimension. */
export function axesOf(value: Value, dimension: number): AxisId[] {
  return (value.dimensions[dimension] ?? []).map((i) => axisAt(value, i));
}

/** The one axis of a logical dimension. @throws ModelError if it has several */
export function singleAxis(node: NodeBase, value: Value, dimension: number): AxisId {
  const axes = axesOf(value, dimension);
  const [axis] = axes;
  if (axes.length !== 1 || axis === undefined)
    throw new ModelError(`Node ${node.name} needs dimension ${dimension} of its input as one axis, a reshape has made it ${axes.length}`);
  return axis;
}

/** A value whose column has these axes, grouped into logical dimensions of the given lengths. */
export function valueOn(
  column: ColumnId,
  axes: readonly AxisId[],
  lengths: readonly number[],
  range: readonly [number, number],
  exponent: number,
): Value {
  let next = 0;
  const dimensions = lengths.map((length) => Array.from({ length }, () => next++));
  return { column, axes, dimensions, range, exponent };
}

/** The smallest range [0, 2^k) or [-2^k, 2^k) around an interval: ranges that limbs can prove. */
export function provableRange([low, high]: readonly [number, number]): [number, number] {
  let size = 1;
  while (size <= high || size < -low) size *= 2;
  return low >= 0 ? [0, size - 1] : [-size, size - 1];
}

/** The single input of a node. */
export function only<T>(node: NodeBase, inputs: readonly T[]): T {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) throw new ModelError(`Node ${node.name} has ${inputs.length} inputs, it takes one`);
  return input;
}

function axisAt(value: Value, index: number): AxisId {
  const axis = value.axes[index];
  if (axis === undefined) throw new InternalError(`value has no axis ${index}`);
  return axis;
}
