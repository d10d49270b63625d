/**
 * The witness of a transformer on a device: generation with a cache of keys and values, one pass over all positions, the trace, limbs and multiplicities. What comes
 * back are a decoder's tokens, and then, in one wait, the arg max after every position or an encoder's embedding, and how many looked-up cells are in no table.
 */
import { InternalError } from "../../errors.ts";
import { fromInteger, toInteger } from "../../field/m31.ts";
import { functionTableName } from "../../ops/function-table.ts";
import type { EmbeddingStatement } from "../../statement/embedding.ts";
import { type TokenStatement, tokenColumns } from "../../statement/tokens.ts";
import type { ColumnId } from "../../system/types.ts";
import { viewOf } from "../../tensor/integers.ts";
import { addLimbs, addMultiplicities } from "../device-derived.ts";
import { Scratch, type WitnessDevice } from "../device-verbs.ts";
import { type CompiledDecoder, type CompiledEncoder, checkText, checkTokens, type DecoderRun } from "./compile.ts";
import { emptyCache } from "./device-attention.ts";
import { passExpressions } from "./device-expressions.ts";
import { logitsOf, passLayers } from "./device-pass.ts";
import { type Filled, passOverAll, type Stacks } from "./device-stacks.ts";
import { finalTrace, headTrace, layersTrace } from "./device-trace.ts";
import type { DeviceTransformer } from "./device-views.ts";
import { sizesOf, traceNames } from "./layout.ts";
import { activationOf } from "./tables.ts";

interface Cells {
  readonly length: number;
}

/** A statement and the columns of its witness, the public ones included. */
export interface DeviceRun<C, S = TokenStatement> {
  readonly statement: S;
  readonly columns: ReadonlyMap<ColumnId, C>;
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
  const model = deviceTransformer(compiled, null, device, column);
  const generated = typeof continuation === "number" ? await generate(model, prompt, count, tick) : continuation;
  const statement = { prompt, generated };
  const columns = await decoderColumns(compiled, model, statement);
  if (columns === null) {
    runOf(compiled, prompt, continuation).witness(); // throws, naming value and position
    throw new InternalError(`${compiled.program.name} misses its tables on the device, and not on the host`);
  }
  return { statement, columns };
}

/** A run of the host. @throws what `computeDecoder` throws, when it is made a witness for values */
export function runOf(compiled: CompiledDecoder, prompt: readonly number[], continuation: number | readonly number[]): DecoderRun {
  return typeof continuation === "number" ? compiled.run(prompt, continuation) : compiled.follow({ prompt, generated: continuation });
}

/**
 * The embedding of a text, made a witness on a device in one pass. `column`: the device's copy of a weight column.
 * @throws RangeError if there is no room for it, or for a token that does not exist @throws ModelError if a value leaves the range that is proven
 */
export async function computeEncoder<C extends Cells>(
  compiled: CompiledEncoder,
  text: readonly number[],
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): Promise<DeviceRun<C, EmbeddingStatement>> {
  const { program, input } = compiled;
  if (!program.final) throw new InternalError(`${program.name} is no encoder`);
  checkText(input, text);
  const model = deviceTransformer(compiled, text.length, device, column);
  const read = Uint32Array.from({ length: input.positions }, (_, i) => text[i % text.length]!);
  const [tokens, present] = [read, read.map((_, i) => (i < text.length ? 1 : 0))].map((words) => device.upload(words, 1)) as [C, C];
  const made = passAndTrace(model, tokens);
  const embedding = finalTrace(model, made.scratch, program.final, made.filled);
  const columns = new Map([
    [compiled.tokens, tokens],
    [input.presentColumn, present],
    [compiled.embedding, embedding],
  ]);
  const { words, hasMissed } = await complete(compiled, model, made, embedding, columns);
  if (hasMissed) {
    compiled.run(text).witness(); // throws, naming value and position
    throw new InternalError(`${program.name} misses its tables on the device, and not on the host`);
  }
  return { statement: { tokens: text, cells: Int32Array.from(words, toInteger) }, columns };
}

/** What a device needs of a compiled transformer, or of a segment of one. */
export interface Compiled extends Pick<CompiledDecoder, "program" | "built" | "columns" | "scores"> {
  readonly input: { readonly positions: number };
}

/** `present`: how many positions an encoder sees. */
export function deviceTransformer<C extends Cells>(
  { program, built, input, scores }: Compiled,
  present: number | null,
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): DeviceTransformer<C> {
  const names = new Map([...built.weights.keys()].map((id) => [built.system.columns[id]?.name, id]));
  const weight = (name: string): C => column(names.get(name) ?? missing(name));
  const activation = `table ${functionTableName(activationOf(program.config, program.scales))}`;
  return {
    device,
    program,
    sizes: sizesOf(program.config, input.positions),
    present,
    scores,
    weight,
    activation: (program.up ? [activation] : [`${activation} in limbs`, `${activation} in limbs 1`]).map(weight),
    expressions: passExpressions(program, scores),
  };
}

/** The greedy continuation of a prompt by `count` tokens; garbage if a value leaves its bits. Waits for the device once. */
async function generate<C extends Cells>(
  model: DeviceTransformer<C>,
  prompt: readonly number[],
  count: number,
  tick: (done: number, total: number) => Promise<void>,
): Promise<number[]> {
  const { device, sizes } = model;
  const scratch = new Scratch(device);
  const cache = emptyCache(model);
  const chosen = device.zeros(count, 1);
  const given = device.upload(Uint32Array.from(prompt), 1);
  let tokens = given;
  let first = 0;
  for (let k = 0; k < count; k++) {
    const rows = tokens.length;
    const states = scratch.own(passLayers(model, cache, { first, rows, tokens }));
    const last = scratch.own(device.zeros(2 * sizes.width, 1));
    device.place(last, 0, states, (rows - 1) * sizes.width, [2, sizes.width], [rows * sizes.width, 1]);
    const logits = viewOf(logitsOf(model, scratch, 1, last), [1, sizes.vocabulary]);
    device.place(chosen, k, scratch.largest([1], [sizes.vocabulary], logits).indices, 0, [1], [1]);
    scratch.end();
    tokens = device.slice(chosen, k, 1);
    first += rows;
    await tick(k + 1, count + 1);
  }
  const words = await device.read(chosen);
  for (const column of [cache.keys, cache.values, chosen, given]) device.free(column);
  return [...words];
}

/** The columns of a statement's witness, or null if the decoder does not continue its tokens so, or a value leaves its bits. */
async function decoderColumns<C extends Cells>(
  compiled: CompiledDecoder,
  model: DeviceTransformer<C>,
  statement: TokenStatement,
): Promise<ReadonlyMap<ColumnId, C> | null> {
  const { device, sizes } = model;
  const cells = tokenColumns(compiled.input, statement);
  const [tokens, next] = [cells.tokens, cells.next].map((values) => device.upload(Uint32Array.from(values, fromInteger), 1)) as [C, C];
  const made = passAndTrace(model, tokens);
  const logits = logitsOf(model, made.scratch, sizes.positions, made.state);
  const chosen = headTrace(model, made.scratch, logits, next, made.filled);
  const columns = new Map([
    [compiled.tokens, tokens],
    [compiled.next, next],
  ]);
  const { words, hasMissed } = await complete(compiled, model, made, chosen, columns);
  const isRight = cells.next.every((token, i) => token === sizes.vocabulary || token === words[i]);
  return isRight && !hasMissed ? columns : null;
}

/** A trace in the making: what belongs to `scratch`, and the stacks. */
export interface Made<C extends Cells> {
  readonly scratch: Scratch<C>;
  readonly stacks: Stacks<C>;
  /** After all layers. */
  readonly state: C;
  readonly filled: Filled<C>;
  readonly scoreRows: C;
}

/** `first`: the limbs [2, positions, width] of the states that a segment begins with. */
export function passAndTrace<C extends Cells>(model: DeviceTransformer<C>, tokens: C, first: C | null = null): Made<C> {
  const { stacks, state } = passOverAll(model, tokens, first);
  const scratch = new Scratch(model.device);
  const filled: Filled<C> = {};
  const scoreRows = layersTrace(model, scratch, stacks, filled);
  return { scratch, stacks, state: scratch.own(state), filled, scoreRows };
}

/**
 * Adds the columns of a trace, limbs and multiplicities to the public ones; the words of `result`, and whether a looked-up cell is in no table. The device has done
 * all of it when this resolves; what is no column is free.
 */
export async function complete<C extends Cells>(
  { built, columns: ids }: Compiled,
  { device, program }: DeviceTransformer<C>,
  { scratch, stacks, filled, scoreRows }: Made<C>,
  result: C,
  columns: Map<ColumnId, C>,
): Promise<{ readonly words: Uint32Array; readonly hasMissed: boolean }> {
  for (const name of traceNames(program.config)) columns.set(ids[name], filled[name] ?? missing(name));
  addLimbs(device, built, columns);
  const misses = addMultiplicities(device, built, columns, new Map([[ids.scoreBase, scoreRows]]));
  const [words = new Uint32Array(), ...missed] = await Promise.all([result, ...misses].map((column) => device.read(column)));
  scratch.end(columns.values());
  for (const [name, column] of Object.entries(stacks)) if (name !== "state") device.free(column); // limbs of the state are slices of it
  return { words, hasMissed: missed.some(([count]) => count !== 0) };
}

function missing(what: string): never {
  throw new InternalError(`the transformer has no column ${what}`);
}
