/** The witness of a segment on a device: one pass of its layers over all positions, from the states that the segment before it ended with. */
import { InternalError } from "../../errors.ts";
import { fromInteger, toInteger } from "../../field/m31.ts";
import { publicCells } from "../../statement/columns.ts";
import type { ColumnId } from "../../system/types.ts";
import { add, cell, multiply, type View, viewOf } from "../../tensor/integers.ts";
import type { WitnessDevice } from "../device-verbs.ts";
import type { CompiledSegment, RawStatement, SegmentRun } from "./compile-segment.ts";
import { complete, deviceTransformer, type Made, passAndTrace } from "./device.ts";
import { logitsOf } from "./device-pass.ts";
import { finalTrace, headTrace } from "./device-trace.ts";
import type { DeviceTransformer } from "./device-views.ts";
import { LOW_BITS } from "./program.ts";

interface Cells {
  readonly length: number;
}

/** What `CompiledSegment.run` makes on the host. */
export interface DeviceSegment<C> extends Pick<SegmentRun, "outgoing"> {
  readonly columns: ReadonlyMap<ColumnId, C>;
}

/**
 * The columns of a segment's witness, and the states that it ends with. `column`: the device's copy of a weight column.
 * @throws ModelError if a value leaves the range that is proven, or the statement is not what the model computes
 */
export async function computeSegment<C extends Cells>(
  segment: CompiledSegment,
  raw: RawStatement,
  incoming: SegmentRun["outgoing"],
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): Promise<DeviceSegment<C>> {
  const { form, program } = segment;
  const { input } = form;
  if (input.kind !== "tokens" && input.kind !== "embedding") throw new InternalError(`${program.name} reads no tokens`);
  const compiled = { ...segment, input };
  const model = deviceTransformer(compiled, input.kind === "embedding" ? raw.output : null, device, column);
  const cells = publicCells(form, raw.input, raw.output);
  const columns = new Map([...cells].map(([id, values]) => [id, device.upload(Uint32Array.from(values, fromInteger), 1)]));
  const first = incoming === null ? null : device.upload(limbsOf(incoming), 1);
  const made = passAndTrace(model, columns.get(segment.tokens) ?? missing("tokens"), first);
  if (segment.incoming !== null) columns.set(segment.incoming, stateAt(model, made, 0));
  const result = resultOf(segment, model, made, columns);
  const { words, hasMissed } = await complete(compiled, model, made, result, columns);
  if (first !== null) device.free(first);
  if (hasMissed || !isClaimed(segment, cells, words)) {
    segment.run(raw, incoming).witness(); // throws, naming value and position
    throw new InternalError(`${program.name} misses its tables on the device, and not on the host`);
  }
  return { columns, outgoing: segment.outgoing === null ? null : rowsOf(words, program.config.width) };
}

/** The states that a segment ends with, its column; of the last one the arg max after every position, or the embedding. */
function resultOf<C extends Cells>(segment: CompiledSegment, model: DeviceTransformer<C>, made: Made<C>, columns: Map<ColumnId, C>): C {
  const { program, sizes } = model;
  if (segment.outgoing !== null) {
    const state = stateAt(model, made, sizes.sites - 1);
    columns.set(segment.outgoing, state);
    return state;
  }
  if (program.final) return finalTrace(model, made.scratch, program.final, made.filled);
  const logits = logitsOf(model, made.scratch, sizes.positions, made.state);
  return headTrace(model, made.scratch, logits, columns.get(segment.output) ?? missing("output"), made.filled);
}

/** Whether the last segment's result is what the statement says. */
function isClaimed(
  { outgoing, output, form, program }: CompiledSegment,
  cells: ReadonlyMap<ColumnId, Int32Array>,
  words: Uint32Array,
): boolean {
  if (outgoing !== null) return true;
  const claimed = cells.get(output) ?? missing("output");
  if (form.input.kind === "embedding") return claimed.every((v, c) => fromInteger(v) === words[c]);
  return claimed.every((token, i) => token === program.config.vocabulary || token === words[i]);
}

/** The state at a site: 2^10 high + low. */
function stateAt<C extends Cells>({ device, sizes }: DeviceTransformer<C>, { scratch, stacks }: Made<C>, site: number): C {
  const cells = sizes.positions * sizes.width;
  const limb = (k: number): View<C> => viewOf(device.slice(stacks.state, (k * sizes.sites + site) * cells, cells), [cells]);
  return scratch.map([cells], [limb(0), limb(1)], [], [add(multiply(cell(0), 2 ** LOW_BITS), cell(1))])[0]!;
}

/** [2, positions, width], the high limbs first, as words. */
function limbsOf(rows: readonly Int32Array[]): Uint32Array {
  const width = rows[0]?.length ?? 0;
  const cells = rows.length * width;
  const words = new Uint32Array(2 * cells);
  rows.forEach((row, i) => {
    row.forEach((v, c) => {
      words[i * width + c] = fromInteger(v >> LOW_BITS);
      words[cells + i * width + c] = v & (2 ** LOW_BITS - 1);
    });
  });
  return words;
}

function rowsOf(words: Uint32Array, width: number): Int32Array[] {
  return Array.from({ length: words.length / width }, (_, i) => Int32Array.from(words.subarray(i * width, (i + 1) * width), toInteger));
}

function missing(what: string): never {
  throw new InternalError(`the segment has no column ${what}`);
}
