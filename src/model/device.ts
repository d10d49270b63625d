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
import type { BuiltSystem } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import type { IntTensor } from "../tensor/tensor.ts";
import type { CompiledProgram } from "./compile.ts";
import { addLimbs, addMultiplicities } from "./device-derived.ts";
import { Scratch, type WitnessDevice } from "./device-verbs.ts";
import { checkInput, inputsOf, runProgram } from "./program.ts";

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
  const scratch = new Scratch(device);
  const integers = operatorDevice(scratch, built, weight);
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
  const misses = addMultiplicities(device, built, columns);
  const [classIndex, ...missed] = await Promise.all([output.cells, ...misses].map((column) => device.read(column)));
  scratch.end(columns.values());
  if (missed.some(([count]) => count !== 0)) {
    runProgram(program, input); // throws, naming node and value
    throw new InternalError(
      `program ${program.name} misses its tables on the device, ${missed.map(([n]) => n)} times, and not on the host`,
    );
  }
  return { output: classIndex![0]!, columns };
}

/** The verbs with the committed copies of weights and tables. */
function operatorDevice<C extends { readonly length: number }>(
  scratch: Scratch<C>,
  { weights }: BuiltSystem,
  weight: (column: ColumnId) => C,
): IntegerDevice<C> {
  const ids = new Map([...weights].map(([id, values]) => [values, id]));
  return {
    dot: (...call) => scratch.dot(...call),
    largest: (...call) => scratch.largest(...call),
    map: (...call) => scratch.map(...call),
    histogram: (...call) => scratch.histogram(...call),
    constant(values) {
      const id = ids.get(values);
      if (id === undefined) throw new InternalError(`an operator computes with ${values.length} integers that are not committed`);
      return weight(id);
    },
  };
}
