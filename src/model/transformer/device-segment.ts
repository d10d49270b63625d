/** The witness of a decoder's segment on a device: one pass of its layers over all positions, from the states that the segment before it ended with. */
import { InternalError } from "../../errors.ts";
import { fromInteger, toInteger } from "../../field/m31.ts";
import { readTokens } from "../../statement/tokens.ts";
import type { ColumnId } from "../../system/types.ts";
import type { WitnessDevice } from "../device-verbs.ts";
import type { CompiledSegment, RawStatement, SegmentRun } from "./compile-segment.ts";
import { columnsOf, type DeviceColumns, deviceDecoder } from "./device.ts";
import { LOW_BITS } from "./program.ts";

/**
 * The columns of a segment's witness, as `CompiledSegment.run` makes them on the host, and the states that it ends with.
 * @throws ModelError if a value leaves the range that is proven, or a token is not the arg max
 */
export async function computeSegment<C extends { readonly length: number }>(
  segment: CompiledSegment,
  raw: RawStatement,
  incoming: SegmentRun["outgoing"],
  device: WitnessDevice<C>,
  column: (id: ColumnId) => C,
): Promise<Pick<DeviceColumns<C>, "columns"> & Pick<SegmentRun, "outgoing">> {
  const { form, program, output: next } = segment;
  const { input } = form;
  if (input.kind !== "tokens") throw new InternalError(`${program.name} has no pass on a device`);
  const compiled = { ...segment, input, next };
  const statement = readTokens(input, raw.input, raw.output);
  const state = incoming === null ? null : device.upload(limbsOf(incoming), 1);
  const made = await columnsOf(compiled, deviceDecoder(compiled, device, column), statement, state);
  if (state !== null) device.free(state);
  if (made === null) {
    segment.run(raw, incoming).witness(); // throws, naming value and position
    throw new InternalError(`${program.name} misses its tables on the device, and not on the host`);
  }
  return { columns: made.columns, outgoing: made.outgoing && rowsOf(made.outgoing, program.config.width) };
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
