/**
 * The witness of a decoder on a device: generation with a cache of keys and values, one pass over all positions, the trace, limbs and multiplicities. What comes back
 * are the tokens, and then, in one wait, the arg max after every position and how many looked-up cells are in no table.
 */
import { InternalError } from "../../errors.ts";
import { fromInteger } from "../../field/m31.ts";
import { functionTableName } from "../../ops/function-table.ts";
import { type TokenStatement, tokenColumns } from "../../statement/tokens.ts";
import type { ColumnId } from "../../system/types.ts";
import { add, cell, multiply, type View, viewOf } from "../../tensor/integers.ts";
import { addLimbs, addMultiplicities } from "../device-derived.ts";
import { Scratch, type WitnessDevice } from "../device-verbs.ts";
import { type CompiledDecoder, checkTokens, type DecoderRun } from "./compile.ts";
import { passExpressions } from "./device-expressions.ts";
import { decoderPass, emptyCache, type Kept, keyCells } from "./device-pass.ts";
import { deviceTrace, type Stacks } from "./device-trace.ts";
import type { DeviceDecoder } from "./device-views.ts";
import { type Sizes, sizesOf, traceNames } from "./layout.ts";
import { LOW_BITS, type TransformerProgram } from "./program.ts";
import { activationOf } from "./tables.ts";

interface Cells {
  readonly length: number;
}

/** A statement and the columns of its witness, the public ones included. */
export interface DeviceRun<C> {
  readonly statement: TokenStatement;
  readonly columns: ReadonlyMap<ColumnId, C>;
}

/** Whether the pass on a device (device-pass.ts) knows what a program computes; others are made a witness by the host. */
export function hasDevicePass({ config, up, headNorms, skips, ...program }: TransformerProgram): boolean {
  const matrices = [program.query, program.key, program.value, program.output, program.gate, program.down, ...(up ? [up] : [])];
  const isPlain = !headNorms && !skips && !program.headBias && matrices.every((matrix) => !matrix.bias);
  return isPlain && config.gated && config.attention === "causal" && config.positions.kind === "rotary" && config.output === "logits";
}

/**
 * The greedy continuation of a prompt by `count` tokens, or a given one, made a witness on a device. `column`: the device's copy of a weight column; `tick` is called
 * after every token that the device has been asked for, of as many and a witness.
 * @throws RangeError if there is no room for it @throws ModelError if a value leaves the range that is proven, or a token is not the arg max
 */
export async function computeDecoder<C extends Cells>(
  compiled: CompiledDecoder,
  prompt: readonly number[],
  continuation: number | readonly number[],
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
  tick: (done: number, total: number) => Promise<void>,
): Promise<DeviceRun<C>> {
  const count = typeof continuation === "number" ? continuation : continuation.length;
  checkTokens(compiled.input, prompt, count);
  const decoder = deviceDecoder(compiled, device, column);
  const generated = typeof continuation === "number" ? await generate(decoder, prompt, count, tick) : continuation;
  const statement = { prompt, generated };
  const made = await columnsOf(compiled, decoder, statement, null);
  if (made === null) {
    runOf(compiled, prompt, continuation).witness(); // throws, naming value and position
    throw new InternalError(`${compiled.program.name} misses its tables on the device, and not on the host`);
  }
  return { statement, columns: made.columns };
}

/** The greedy continuation alone; garbage if a value leaves its bits. @throws RangeError if there is no room for it */
export async function generateTokens<C extends Cells>(
  compiled: CompiledDecoder,
  prompt: readonly number[],
  count: number,
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): Promise<TokenStatement> {
  checkTokens(compiled.input, prompt, count);
  const generated = await generate(deviceDecoder(compiled, device, column), prompt, count, async () => undefined);
  return { prompt, generated };
}

/** What a pass over all positions needs of a decoder, or of a segment of it. */
export type OnDevice = Pick<CompiledDecoder, "program" | "built" | "input" | "tokens" | "next" | "columns" | "scores"> & {
  readonly incoming?: ColumnId | null;
  readonly outgoing?: ColumnId | null;
};

/** The same on the host. @throws what `computeDecoder` throws, when it is made a witness for values */
export function runOf(compiled: CompiledDecoder, prompt: readonly number[], continuation: number | readonly number[]): DecoderRun {
  return typeof continuation === "number" ? compiled.run(prompt, continuation) : compiled.follow({ prompt, generated: continuation });
}

export function deviceDecoder<C extends Cells>(
  compiled: OnDevice,
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): DeviceDecoder<C> {
  const { program, built, input, scores } = compiled;
  const names = new Map([...built.weights.keys()].map((id) => [built.system.columns[id]?.name, id]));
  const activation = `table ${functionTableName(activationOf(program.config, program.scales))}`;
  const weight = (name: string): C => column(names.get(name === "activation" ? activation : name) ?? missing(name));
  const expressions = passExpressions(program, scores);
  return { device, program, sizes: sizesOf(program.config, input.positions), scores, weight, expressions };
}

/** The greedy continuation of a prompt by `count` tokens; garbage if a value leaves its bits. Waits for the device once. */
async function generate<C extends Cells>(
  decoder: DeviceDecoder<C>,
  prompt: readonly number[],
  count: number,
  tick: (done: number, total: number) => Promise<void>,
): Promise<number[]> {
  const { device, sizes } = decoder;
  const scratch = new Scratch(device);
  const cache = emptyCache(decoder);
  const chosen = device.zeros(count, 1);
  const given = device.upload(Uint32Array.from(prompt), 1);
  let tokens = given;
  let first = 0;
  for (let k = 0; k < count; k++) {
    const rows = tokens.length;
    const logits = scratch.own(decoderPass(decoder, cache, { first, rows, tokens }));
    const last = device.slice(logits, (rows - 1) * sizes.vocabulary, sizes.vocabulary);
    device.place(chosen, k, scratch.largest([1], [sizes.vocabulary], viewOf(last, [1, sizes.vocabulary])).indices, 0, [1], [1]);
    scratch.end();
    tokens = device.slice(chosen, k, 1);
    first += rows;
    await tick(k + 1, count + 1);
  }
  const words = await device.read(chosen);
  for (const column of [cache.keys, cache.values, chosen, given]) device.free(column);
  return [...words];
}

/** The columns of a witness, and the state [positions, width] that a segment ends with. */
export interface DeviceColumns<C> {
  readonly columns: ReadonlyMap<ColumnId, C>;
  readonly outgoing: Uint32Array | null;
}

/**
 * The columns of a statement's witness, or null if the decoder does not continue its tokens so, or a value leaves its bits. `incoming`: the limbs of the state that
 * a segment begins with. The device has done all of it when this resolves.
 */
export async function columnsOf<C extends Cells>(
  compiled: OnDevice,
  decoder: DeviceDecoder<C>,
  statement: TokenStatement,
  incoming: C | null,
): Promise<DeviceColumns<C> | null> {
  const { device, sizes } = decoder;
  const { built, input } = compiled;
  const cells = tokenColumns(input, statement);
  const [tokens, next] = [cells.tokens, cells.next].map((values) => device.upload(Uint32Array.from(values, fromInteger), 1)) as [C, C];
  const { stacks, last } = passOverAll(decoder, tokens, incoming);
  const scratch = new Scratch(device);
  const { trace, scoreRows, chosen } = deviceTrace(decoder, scratch, stacks, compiled.outgoing == null ? last : null, next);
  const columns = new Map([
    [compiled.tokens, tokens],
    [compiled.next, next],
  ]);
  for (const name of traceNames(decoder.program.config)) columns.set(compiled.columns[name], trace[name]);
  const boundaries = [
    [compiled.incoming, 0],
    [compiled.outgoing, sizes.sites - 1],
  ] as const;
  for (const [id, site] of boundaries) if (id != null) columns.set(id, stateAt(decoder, scratch, stacks.state, site));
  addLimbs(device, built, columns);
  const misses = addMultiplicities(device, built, columns, new Map([[compiled.columns.scoreBase, scoreRows]]));
  const end = compiled.outgoing == null ? null : (columns.get(compiled.outgoing) ?? null);
  const optional = (column: C | null) => (column === null ? null : device.read(column));
  const [best, outgoing, ...missed] = await Promise.all([optional(chosen), optional(end), ...misses.map((column) => device.read(column))]);
  scratch.end(columns.values());
  for (const [name, column] of Object.entries(stacks)) if (name !== "state") device.free(column); // limbs of the state are slices of it
  device.free(last);
  const isRight = best === null || cells.next.every((token, i) => token === sizes.vocabulary || token === best[i]);
  return isRight && missed.every((counts) => counts?.[0] === 0) ? { columns, outgoing } : null;
}

/** The state at a site: 2^10 high + low. */
function stateAt<C extends Cells>({ device, sizes }: DeviceDecoder<C>, verbs: Scratch<C>, state: C, site: number): C {
  const cells = sizes.positions * sizes.width;
  const limb = (k: number): View<C> => viewOf(device.slice(state, (k * sizes.sites + site) * cells, cells), [cells]);
  return verbs.map([cells], [limb(0), limb(1)], [], [add(multiply(cell(0), 2 ** LOW_BITS), cell(1))])[0]!;
}

/** Inference of all positions at once; states and accumulators layer by layer. */
function passOverAll<C extends Cells>(
  decoder: DeviceDecoder<C>,
  tokens: C,
  state: C | null,
): { readonly stacks: Stacks<C>; readonly last: C } {
  const { device, sizes } = decoder;
  const rows = sizes.positions;
  const cells = cellsOfStacks(sizes);
  const stacks = Object.fromEntries(
    Object.entries(cells).map(([name, n]) => [name, device.zeros(n * (name === "state" ? 2 * sizes.sites : sizes.layers), 1)]),
  ) as Record<Kept, C>;
  const cache = emptyCache(decoder);
  const keep = (name: Kept, at: number, column: C): void => {
    const n = cells[name];
    const limbs = name === "state" ? 2 : 1;
    for (let k = 0; k < limbs; k++) device.place(stacks[name], (k * sizes.sites + at) * n, column, k * n, [n], [1]);
  };
  const last = decoderPass(decoder, cache, { first: 0, rows, tokens, state, keep });
  for (const column of [cache.keys, cache.values]) device.free(column);
  return { stacks, last };
}

/** Cells of one layer or site, of one limb. */
function cellsOfStacks(sizes: Sizes): Readonly<Record<Kept, number>> {
  const { positions, width, hidden, members } = sizes;
  const keys = positions * keyCells(sizes);
  return {
    state: positions * width,
    query: members * keys,
    key: keys,
    value: keys,
    output: positions * width,
    gate: positions * hidden,
    up: positions * hidden,
    down: positions * width,
  };
}

function missing(what: string): never {
  throw new InternalError(`the decoder has no weight column ${what}`);
}
