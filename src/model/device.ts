/**
 * Witness generation on a device: the program's nodes in the device's verbs, then limbs and multiplicities. Every column stays there; what comes back, in one
 * wait, is the class and how many looked-up cells are in no table.
 *
 * Every range of a witness column is forced by a look-up, of the column or of its limbs (SPEC §4.5), so that count is 0 exactly if no value leaves the range that
 * is proven.
 */
import { InternalError } from "../errors.ts";
import { fromInteger } from "../field/m31.ts";
import { operatorOf } from "../ops/index.ts";
import type { DeviceTensor, IntegerDevice } from "../ops/operator.ts";
import type { BuiltSystem, Limb } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import { cell, type Expression, type IntegerVerbs, multiply, quotient, subtract, viewOf } from "../tensor/integers.ts";
import type { IntTensor } from "../tensor/tensor.ts";
import type { CompiledProgram } from "./compile.ts";
import { checkInput, inputsOf, runProgram } from "./program.ts";

/** A device with columns `C`: what `Session` offers of it. */
export interface WitnessDevice<C extends { readonly length: number }> extends IntegerVerbs<C> {
  upload(words: Uint32Array, width: 1): C;
  slice(column: C, offset: number, length: number): C;
  free(column: C): void;
  read(column: C): Promise<Uint32Array>;
}

export interface DeviceWitness<C> {
  readonly output: number;
  /** Every witness column, and the public ones. */
  readonly columns: ReadonlyMap<ColumnId, C>;
}

/**
 * Runs a program on a device. `weight`: the device's copy of a weight column.
 * @throws ModelError if the input has another shape or leaves its range, or a value leaves the range that is proven
 */
export async function computeWitness<C extends { readonly length: number }>(
  compiled: CompiledProgram,
  input: IntTensor,
  device: WitnessDevice<C>,
  weight: (column: ColumnId) => C,
): Promise<DeviceWitness<C>> {
  const { program, built } = compiled;
  checkInput(program, input);
  const cells = device.upload(Uint32Array.from(input.data, fromInteger), 1);
  const columns = new Map<ColumnId, C>([[compiled.input, cells]]);
  const values = new Map<string, DeviceTensor<C>>([[program.input.name, { shape: input.shape, cells }]]);
  const made = new Set<C>();
  const integers = operatorDevice(device, built, weight, made);
  for (const [k, node] of program.nodes.entries()) {
    const { output, columns: filled } = operatorOf(node).compute(integers, node, inputsOf(node, values));
    values.set(node.output, output);
    for (const [name, id] of Object.entries(compiled.columnsOf[k] ?? {})) {
      const column = filled[name];
      if (column === undefined) throw new InternalError(`node ${node.name} does not compute its column ${name}`);
      columns.set(id, column);
    }
  }
  const output = values.get(program.nodes.at(-1)?.output ?? "");
  if (output === undefined) throw new InternalError(`program ${program.name} has no output`);
  columns.set(compiled.output, output.cells);
  addLimbs(device, built, columns);
  const misses = addMultiplicities(device, built, (id) => columns.get(id) ?? weight(id), columns);
  const [classIndex, ...missed] = await Promise.all([output.cells, ...misses].map((column) => device.read(column)));
  const kept = new Set(columns.values());
  for (const column of made) if (!kept.has(column)) device.free(column);
  if (missed.some(([count]) => count !== 0)) {
    runProgram(program, input); // throws, naming node and value
    throw new InternalError(
      `program ${program.name} misses its tables on the device, ${missed.map(([n]) => n)} times, and not on the host`,
    );
  }
  return { output: classIndex![0]!, columns };
}

/** The device with the committed copies of weights and tables. Columns that operators make are added to `made`. */
function operatorDevice<C extends { readonly length: number }>(
  device: WitnessDevice<C>,
  { weights }: BuiltSystem,
  weight: (column: ColumnId) => C,
  made: Set<C>,
): IntegerDevice<C> {
  const ids = new Map([...weights].map(([id, values]) => [values, id]));
  const keep = (column: C): C => {
    made.add(column);
    return column;
  };
  return {
    dot: (...call) => keep(device.dot(...call)),
    largest(...call) {
      const { values, indices } = device.largest(...call);
      return { values: keep(values), indices: keep(indices) };
    },
    map: (...call) => device.map(...call).map(keep),
    histogram: (...call) => keep(device.histogram(...call)),
    constant(values) {
      const id = ids.get(values);
      if (id === undefined) throw new InternalError(`an operator computes with ${values.length} integers that are not committed`);
      return weight(id);
    },
  };
}

/** Slices of bits. The uppermost limb of a column keeps whatever is above its bits, so that a value outside the range misses its table. */
function addLimbs<C extends { readonly length: number }>(
  device: IntegerVerbs<C>,
  { system, limbs }: BuiltSystem,
  columns: Map<ColumnId, C>,
): void {
  for (const of of new Set(limbs.map((limb) => limb.of))) {
    const own = limbs.filter((limb) => limb.of === of);
    const parent = columns.get(of);
    if (parent === undefined) throw new InternalError(`column ${system.columns[of]?.name} has not been computed`);
    const shape = [parent.length];
    const cells = device.map(
      shape,
      [viewOf(parent, shape)],
      [],
      own.map((limb, k) => limbOf(limb, k === own.length - 1)),
    );
    for (const [k, limb] of own.entries()) columns.set(limb.column, cells[k]!);
  }
}

function limbOf({ low, shift, bits }: Limb, uppermost: boolean): Expression {
  const shifted = quotient(subtract(cell(0), low), 2 ** shift);
  return uppermost ? shifted : subtract(shifted, multiply(quotient(shifted, 2 ** bits), 2 ** bits));
}

/** How often every row of every table is looked up; returns, for each table, how many cells are in none of its rows. */
function addMultiplicities<C extends { readonly length: number }>(
  device: WitnessDevice<C>,
  { system }: BuiltSystem,
  cells: (id: ColumnId) => C,
  columns: Map<ColumnId, C>,
): C[] {
  return system.tables.map(({ name, size, columns: [rows], multiplicity }, t) => {
    if (rows?.kind !== "iota") throw new InternalError(`table ${name} does not begin with an iota`);
    const looked = system.lookups.filter((lookup) => lookup.table === t).map((lookup) => cells(lookup.columns[0]!));
    const counts = device.histogram(looked, rows.start, size);
    columns.set(multiplicity, device.slice(counts, 0, size));
    return device.slice(counts, size, 1);
  });
}
