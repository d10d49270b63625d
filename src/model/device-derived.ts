/** The witness columns that follow from others, on a device: limbs, and the multiplicities of tables (SPEC §4.4). */
import { InternalError } from "../errors.ts";
import type { BuiltSystem, Limb } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import { cell, type Expression, type IntegerVerbs, multiply, quotient, subtract, viewOf } from "../tensor/integers.ts";
import type { WitnessDevice } from "./device-verbs.ts";

/** Slices of bits. The uppermost limb of a column keeps whatever is above its bits, so that a value outside the range misses its table. */
export function addLimbs<C extends { readonly length: number }>(
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

/**
 * How often every row of every table is looked up; returns, for each table, how many cells are in none of its rows. `rows`: the row that every cell takes, by the first
 * column of its look-up, where the table does not begin with an iota.
 */
export function addMultiplicities<C extends { readonly length: number }>(
  device: WitnessDevice<C>,
  { system }: BuiltSystem,
  columns: Map<ColumnId, C>,
  rows: ReadonlyMap<ColumnId, C> = new Map(),
): C[] {
  return system.tables.map(({ name, size, columns: [keys], multiplicity }, t) => {
    const isIota = keys?.kind === "iota";
    const looked = system.lookups.flatMap(({ table, columns: [first] }) => {
      if (table !== t || first === undefined) return [];
      const cells = (isIota ? columns : rows).get(first);
      if (cells === undefined)
        throw new InternalError(`what column ${system.columns[first]?.name} looks up in table ${name} has not been computed`);
      return [cells];
    });
    const counts = device.histogram(looked, isIota ? keys.start : 0, size);
    columns.set(multiplicity, device.slice(counts, 0, size));
    return device.slice(counts, size, 1);
  });
}
