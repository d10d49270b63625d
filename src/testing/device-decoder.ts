/** Compares the witness of a decoder that a backend computes with the host's. */
import type { Backend, Column } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import type { CompiledDecoder } from "../model/transformer/compile.ts";
import { computeDecoder, runOf } from "../model/transformer/device.ts";
import type { ColumnId } from "../system/types.ts";

/** The names of the columns that differ, and the tokens if they do. @throws what `computeDecoder` throws */
export async function decoderDifferences(
  compiled: CompiledDecoder,
  prompt: readonly number[],
  continuation: number | readonly number[],
  backend: Backend,
): Promise<string[]> {
  const session = backend.open();
  try {
    const { system, weights } = compiled.built;
    const uploaded = new Map<ColumnId, Column>();
    const weight = (id: ColumnId): Column => {
      const column = uploaded.get(id) ?? session.upload(toWords(weights.get(id) ?? new Int32Array()), 1);
      uploaded.set(id, column);
      return column;
    };
    const { statement, columns } = await computeDecoder(compiled, prompt, continuation, session, weight, async () => {});
    const host = runOf(compiled, prompt, continuation);
    const different = statement.generated.join() === host.statement.generated.join() ? [] : ["tokens"];
    for (const [id, cells] of host.witness()) {
      const words = toWords(cells);
      const actual = await session.read(columns.get(id) ?? session.zeros(1, 1));
      const isSame = words.length === actual.length && words.every((word, i) => word === actual[i]);
      if (!isSame) different.push(system.columns[id]?.name ?? `column ${id}`);
    }
    return different;
  } finally {
    session.end();
  }
}
