/**
 * Float graph to integer program with dyadic scales, filling the accumulator: each sum gets the finest weights for which its constraint cannot wrap around, and each
 * activation the finest scale for which it cannot leave its table. Both follow from interval bounds over all admitted inputs, so nothing saturates but values with a
 * calibrated scale.
 *
 * Only exact double arithmetic and floor are used: the same sources give the same program on every runtime.
 */
import { InternalError, ModelError } from "../errors.ts";
import { P } from "../field/m31.ts";
import { type FunctionTable, functionValues } from "../ops/function-table.ts";
import type { IntegerNode } from "../ops/index.ts";
import { provableRange } from "../ops/operator.ts";
import { type Rounding, spanOf } from "../ops/requantize.ts";
import { saturated, splits } from "../ops/saturate.ts";
import { type FloatTensor, type IntTensor, intTensor } from "../tensor/tensor.ts";
import { spread } from "./float.ts";
import { type FloatGraph, type FloatNode, fuseMaps, graphShapes, type MapName } from "./graph.ts";
import {
  type Box,
  forcedSum,
  frequencyBox,
  hull,
  type Interval,
  mapBox,
  poolBox,
  roundBox,
  sumBox,
  transposeBox,
  uniformBox,
} from "./interval.ts";
import { type IntegerProgram, inputsOf } from "./program.ts";

/** How many bits values get, sign included. */
export interface QuantizationBits {
  /** Looked-up inputs: tables have 2^tableBits rows. 14 unless told. */
  readonly tableBits?: number;
  /** Activations that are only range-checked. 14 unless told. */
  readonly activationBits?: number;
  /** Values that the arg max compares. 24 unless told. */
  readonly logitBits?: number;
  /** Weights, at most. 16 unless told. */
  readonly weightBits?: number;
  /**
   * Value -> scale exponent of its rounded sum, from calibration. Such a value saturates where bounds do not keep it in its bits; others get the scale at
   * which they cannot leave them. Deep networks need this: bounds grow with every layer, values do not.
   */
  readonly exponents?: Readonly<Record<string, number>>;
}

export interface QuantizeOptions extends QuantizationBits {
  /** Scale and range of the public input. */
  readonly input: {
    readonly exponent: number;
    readonly range: Interval;
    /** Of frequencies: the sizes of the groups of cells whose sum is at most range[1], but for rounding. */
    readonly groups?: readonly number[];
  };
}

/** What is known of a value: its scale, the range its column's look-up forces, and what its cells can really reach. */
interface Known {
  readonly exponent: number;
  readonly forced: Interval;
  readonly box: Box;
  readonly groups?: readonly number[];
}

/** Quantizes a graph and appends the arg max. @throws ModelError naming the node that does not fit */
export function quantize(graph: FloatGraph, options: QuantizeOptions): IntegerProgram {
  const fused = fuseMaps(graph);
  const shapes = graphShapes(fused);
  const { name, shape } = fused.input;
  const { exponent, range, groups } = options.input;
  const known = new Map<string, Known>([[name, { exponent, forced: range, box: uniformBox(shape, range), ...(groups && { groups }) }]]);
  const nodes: IntegerNode[] = [];
  for (const node of fused.nodes) {
    const target = { bits: bitsFor(node, fused.output, options), exponent: options.exponents?.[node.output] };
    const step = quantizeNode(node, inputsOf(node, known), shapes.get(node.output) ?? [], target, options.weightBits ?? 16);
    nodes.push(step.node);
    known.set(node.output, step.known);
  }
  nodes.push({ kind: "argmax", name: "argmax", inputs: [fused.output], output: "class" });
  return { name: fused.name, input: { name, shape, exponent, range }, nodes };
}

/** What a rounded sum is to be like. */
interface Target {
  readonly bits: number;
  /** Calibrated scale. */
  readonly exponent: number | undefined;
}

interface Step {
  readonly node: IntegerNode;
  readonly known: Known;
}

/** The bits of a node's rounded sum, sign included; 0 for a node that has none. `output` is the graph's. */
export function bitsFor(node: FloatNode, output: string, options: QuantizationBits): number {
  if (!("map" in node)) return 0;
  if (node.map !== "none") return options.tableBits ?? 14;
  return node.output === output ? (options.logitBits ?? 24) : (options.activationBits ?? 14);
}

function quantizeNode(node: FloatNode, inputs: readonly Known[], shape: readonly number[], target: Target, weightBits: number): Step {
  const { name, inputs: names, output } = node;
  const base = { name, inputs: names, output };
  const x = inputs[0]!;
  switch (node.kind) {
    case "matmul":
    case "conv":
      return quantizeSum(node, x, shape, target, weightBits);
    case "add":
      return quantizeAdd(node, inputs, shape, target);
    case "map": {
      if (node.map === "none") throw new InternalError(`node ${name} maps nothing`);
      const { rounding, known } = rounded(node, x.forced, x.box, x.exponent, target, node.map);
      return { node: { ...base, kind: node.map === "relu" ? "relu" : "activation", rounding }, known };
    }
    case "maxpool":
    case "averagepool": {
      const forced = provableRange(node.kind === "maxpool" ? x.forced : [Math.min(0, x.forced[0]), x.forced[1]]);
      return {
        node: { ...base, kind: node.kind, window: node.window },
        known: { exponent: x.exponent, forced, box: poolBox(node.kind, node.window, x.box, shape) },
      };
    }
    case "reshape":
      return {
        node: { ...base, kind: "reshape", shape: node.shape },
        known: { exponent: x.exponent, forced: x.forced, box: { ...x.box, shape } },
      };
    case "transpose":
      return {
        node: { ...base, kind: "transpose", permutation: node.permutation },
        known: { exponent: x.exponent, forced: x.forced, box: transposeBox(x.box, node.permutation, shape) },
      };
  }
}

/** MatMul and Conv: the largest weight exponent whose weights fit `weightBits` and whose constraint cannot wrap. */
function quantizeSum(
  node: Extract<FloatNode, { kind: "matmul" | "conv" }>,
  x: Known,
  shape: readonly number[],
  target: Target,
  weightBits: number,
): Step {
  let largest = 0;
  for (const w of node.weight.data) largest = Math.max(largest, Math.abs(w));
  if (largest === 0) throw new ModelError(`Node ${node.name} has only zero weights`);
  let weightExponent = 40;
  while (largest * 2 ** weightExponent >= 2 ** (weightBits - 1) - 0.5) weightExponent--;
  const window = node.kind === "conv" ? node.window : null;
  for (; largest * 2 ** weightExponent >= 8; weightExponent--) {
    const exponent = x.exponent + weightExponent;
    const weight = scaled(node.weight, weightExponent);
    const biases = node.bias && scaledNumbers(node.bias.data, exponent);
    if (biases?.some((b) => Math.abs(b) >= 2 ** 30)) continue;
    const bias = biases && node.bias && intTensor(node.bias.shape, Int32Array.from(biases));
    const forced = forcedSum(weight, bias, x.forced);
    if (!holds(forced, { shift: 0, bits: 1, map: "none" })) continue;
    const box =
      x.groups && !window && shape.length === 1
        ? frequencyBox(weight, bias, x.groups, x.forced[1])
        : sumBox(weight, bias, window, x.box, shape);
    if (!holds(forced, place(hull(box), exponent, target, node.map))) continue;
    const { rounding, known } = rounded(node, forced, box, exponent, target, node.map);
    const common = { name: node.name, inputs: node.inputs, output: node.output, weight, bias, weightExponent, rounding };
    return { node: node.kind === "conv" ? { ...common, kind: "conv", window: node.window } : { ...common, kind: "matmul" }, known };
  }
  throw new ModelError(`Node ${node.name} has sums too large for weights of 4 bits: give its input fewer bits`);
}

function quantizeAdd(node: Extract<FloatNode, { kind: "add" }>, inputs: readonly Known[], shape: readonly number[], target: Target): Step {
  const [x, y] = inputs as readonly [Known, Known?];
  const base = { name: node.name, inputs: node.inputs, output: node.output, kind: "add" as const };
  const times = (box: Box, scale: number) => mapBox(box, (v) => v * 2 ** scale);
  if (!node.constant) {
    if (!y) throw new ModelError(`Node ${node.name} adds one value`);
    const exponent = Math.max(x.exponent, y.exponent);
    const scales = [exponent - x.exponent, exponent - y.exponent] as const;
    const forced: Interval = [
      x.forced[0] * 2 ** scales[0] + y.forced[0] * 2 ** scales[1],
      x.forced[1] * 2 ** scales[0] + y.forced[1] * 2 ** scales[1],
    ];
    const [a, b] = [times(x.box, scales[0]), times(y.box, scales[1])];
    const box = { shape, low: a.low.map((v, i) => v + b.low[i]!), high: a.high.map((v, i) => v + b.high[i]!) };
    const { rounding, known } = rounded(node, forced, box, exponent, target, node.map);
    return { node: { ...base, scales, constant: null, rounding }, known };
  }
  const size = Math.max(1, -x.forced[0], x.forced[1]);
  let scale = 0;
  while (size * 2 ** (scale + 1) < 2 ** 26) scale++;
  for (; scale >= 0; scale--) {
    const numbers = scaledNumbers(node.constant.data, x.exponent + scale);
    const extreme = numbers.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    if (extreme >= 2 ** 28) continue;
    const constant = intTensor(node.constant.shape, Int32Array.from(numbers));
    const all = spread(constant, shape);
    const a = times(x.box, scale);
    const box = { shape, low: a.low.map((v, i) => v + all[i]!), high: a.high.map((v, i) => v + all[i]!) };
    const forced: Interval = [x.forced[0] * 2 ** scale - extreme, x.forced[1] * 2 ** scale + extreme];
    if (!holds(forced, place(hull(box), x.exponent + scale, target, node.map))) continue;
    const { rounding, known } = rounded(node, forced, box, x.exponent + scale, target, node.map);
    return { node: { ...base, scales: [scale, 0], constant, rounding }, known };
  }
  throw new ModelError(`Node ${node.name} adds a constant far larger than its input`);
}

/** The rounding of accumulators with these bounds. @throws ModelError if its constraint could wrap around */
function rounded(
  node: FloatNode,
  forced: Interval,
  box: Box,
  exponent: number,
  target: Target,
  map: MapName,
): { rounding: Rounding; known: Known } {
  const placed = place(hull(box), exponent, target, map);
  if (!holds(forced, placed))
    throw new ModelError(`Node ${node.name} has sums in [${forced}], which do not fit the field: give its inputs fewer bits`);
  const { shift, bits } = placed;
  const q = roundBox(box, shift);
  const scale = exponent - shift;
  const cut = placed.high === undefined ? q : mapBox(q, (v) => saturated(spanOf(placed), v));
  const half = 2 ** (bits - 1);
  if (map === "none") return { rounding: placed, known: { exponent: scale, forced: [-half, half - 1], box: cut } };
  if (map === "relu")
    return { rounding: placed, known: { exponent: scale, forced: [0, half - 1], box: mapBox(cut, (v) => Math.max(0, v)) } };
  // Bounded functions get as many output bits as the table has; the others keep their input's scale.
  const outputExponent = map === "sigmoid" || map === "tanh" ? target.bits - 1 : scale;
  const table: FunctionTable = { function: map, inputExponent: scale, outputExponent };
  const values = functionValues(table, bits);
  const range: Interval = [values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 0)];
  return { rounding: { ...placed, map: table }, known: { exponent: outputExponent, forced: range, box: uniformBox(box.shape, range) } };
}

/** A rounding before its function is known. */
interface Placed {
  readonly shift: number;
  readonly bits: number;
  readonly map: "none" | "relu";
  readonly high?: number;
}

/** The shift that brings sums in an interval to their target, and the fewest bits for it; saturating if only a calibrated scale asks for that. */
function place(sums: Interval, exponent: number, target: Target, name: MapName): Placed {
  const map = name === "relu" ? name : "none";
  const at = (v: number, shift: number) => (shift === 0 ? v : Math.floor((v + 2 ** (shift - 1)) / 2 ** shift));
  const fits = (shift: number, b: number) => at(sums[0], shift) >= -(2 ** (b - 1)) && at(sums[1], shift) < 2 ** (b - 1);
  let shift = target.exponent === undefined ? 0 : Math.max(0, exponent - target.exponent);
  if (target.exponent !== undefined && !fits(shift, target.bits)) {
    let high = 0;
    const placed = () => ({ shift, bits: target.bits, map, high }) as const;
    while (!sums.every((v) => splits(spanOf(placed()), at(v, shift)))) high++;
    return placed();
  }
  while (!fits(shift, target.bits)) shift++;
  let bits = target.bits;
  while (bits > 1 && fits(shift, bits - 1)) bits--;
  return { shift, bits, map };
}

/** Whether a + 2^(s-1) - 2^s q - r stays inside (-p, p) for a in the interval and every q that its look-ups admit. */
function holds([low, high]: Interval, placed: Placed): boolean {
  const { shift, bits, high: above } = placed;
  const span = spanOf(placed);
  if (above === undefined) return shift <= 30 && Math.max(-low, high) + 2 ** shift * (2 ** (bits - 1) + 2) < P;
  // The coefficient of the part above the span stays below 2^30.
  return shift + span.bits < 30 && Math.max(-low, high) + 2 ** shift * (-span.low + 2 ** span.bits * (2 ** above + 1) + 2) < P;
}

function scaled(tensor: FloatTensor, exponent: number): IntTensor {
  return intTensor(tensor.shape, Int32Array.from(scaledNumbers(tensor.data, exponent)));
}

/** round(v 2^exponent), half up: exact but for the rounding, in a double. */
function scaledNumbers(data: ArrayLike<number>, exponent: number): number[] {
  return Array.from(data, (v) => Math.floor(v * 2 ** exponent + 0.5));
}
