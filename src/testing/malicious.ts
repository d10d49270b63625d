/** Provers that cheat: witnesses that break a rule but are complete otherwise, and sessions whose messages are changed before they are sent. */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { elementsOf, wordsOf } from "../backend/reference/column.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { fromInteger, toInteger } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import { tableCells } from "../lookup/tables.ts";
import type { ColumnId } from "../system/types.ts";
import { columnNamed, type ToyCase } from "./toy-proof.ts";

/** New values of witness columns, by name; from the honest ones. */
export type Changes = Readonly<Record<string, (values: number[]) => number[]>>;

/**
 * The honest witness with changes, as canonical words. Limbs follow their columns and multiplicities count the rows that are in their table, unless changed
 * themselves: what is not changed is as good as it can be.
 */
export function cheatingWitness(made: ToyCase, changes: Changes): Map<ColumnId, Uint32Array> {
  const { system, limbs, weights } = made.toy.built;
  const changed = new Set(Object.keys(changes).map((name) => columnNamed(made, name)));
  const values = new Map<ColumnId, number[]>();
  for (const [id, column] of made.witness) values.set(id, Array.from(column));
  for (const [name, change] of Object.entries(changes))
    values.set(columnNamed(made, name), change(values.get(columnNamed(made, name)) ?? []));
  const of = (id: ColumnId): readonly number[] => values.get(id) ?? Array.from(weights.get(id) ?? []);
  for (const { column, of: source, low, shift, bits } of limbs)
    if (!changed.has(column))
      values.set(
        column,
        of(source).map((v) => ((Math.floor((v - low) / 2 ** shift) % 2 ** bits) + 2 ** bits) % 2 ** bits),
      );
  system.tables.forEach((table, t) => {
    if (changed.has(table.multiplicity)) return;
    const cells = table.columns.map((c) => (c.kind === "column" ? of(c.column) : Array.from(tableCells(c, table.size))));
    const rowAt = new Map(Array.from({ length: table.size }, (_, i) => [cells.map((column) => column[i]).join(), i]));
    const counts = new Array<number>(table.size).fill(0);
    for (const lookup of system.lookups.filter((l) => l.table === t)) {
      const looked = lookup.columns.map(of);
      looked[0]?.forEach((_, i) => {
        const row = rowAt.get(looked.map((column) => toInteger(fromInteger(column[i] ?? 0))).join());
        if (row !== undefined) counts[row] = (counts[row] ?? 0) + 1;
      });
    }
    values.set(table.multiplicity, counts);
  });
  return new Map([...values].map(([id, list]) => [id, Uint32Array.from(list, fromInteger)]));
}

/** What happens around the calls of a session. Elements and words are those of the device. */
export interface Hooks {
  /** Before a message is sent: its words, to be changed in place. */
  readonly send?: (tag: number, words: Uint32Array) => void;
  /** After challenges are drawn. */
  readonly draw?: (challenges: readonly QM31[]) => void;
  /** After a combination is made or tables are bound: the columns, to be changed in place. */
  readonly combine?: (result: Column) => void;
  readonly bind?: (tables: readonly Column[]) => void;
}

/** The reference backend with hooks. */
export function hookedBackend(hooks: Hooks): Backend {
  const inner = referenceBackend();
  return { ...inner, open: () => hooked(inner.open(), hooks) };
}

function hooked(session: Session, hooks: Hooks): Session {
  return {
    ...session,
    send: (tag, columns) => {
      const words = Uint32Array.from(columns.flatMap((c) => [...wordsOf(c)]));
      hooks.send?.(tag, words);
      session.send(tag, [session.upload(words, 1)]);
    },
    draw: (count) => {
      const first = session.draw(count);
      const one = session.upload(Uint32Array.of(1), 1);
      hooks.draw?.(Array.from({ length: count }, (_, i) => elementsOf(session.combine([one], [first + i]))[0]!));
      return first;
    },
    combine: (columns, weights) => {
      const result = session.combine(columns, weights);
      hooks.combine?.(result);
      return result;
    },
    bind: (tables, r) => {
      session.bind(tables, r);
      hooks.bind?.(tables);
    },
  };
}
