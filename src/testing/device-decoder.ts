/** Compares the witness of a transformer that a backend computes with the host's. */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import type { CompiledDecoder, CompiledEncoder, Run } from "../model/transformer/compile.ts";
import { computeDecoder, computeEncoder, type DeviceRun, runOf } from "../model/transformer/device.ts";
import type { BuiltSystem } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";

type Weight = (id: ColumnId) => Column;

/** The names of the columns that differ, and the tokens if they do. @throws what `computeDecoder` throws */
export function decoderDifferences(
  compiled: CompiledDecoder,
  prompt: readonly number[],
  continuation: number | readonly number[],
  backend: Backend,
): Promise<string[]> {
  const onDevice = (session: Session, weight: Weight) => computeDecoder(compiled, prompt, continuation, session, weight, async () => {});
  return differences(compiled.built, onDevice, () => runOf(compiled, prompt, continuation), backend);
}

/** The names of the columns that differ, and the embedding if it does. @throws what `computeEncoder` throws */
export function encoderDifferences(compiled: CompiledEncoder, text: readonly number[], backend: Backend): Promise<string[]> {
  const onDevice = (session: Session, weight: Weight) => computeEncoder(compiled, text, session, weight);
  return differences(compiled.built, onDevice, () => compiled.run(text), backend);
}

async function differences<S>(
  { system, weights }: BuiltSystem,
  onDevice: (session: Session, weight: Weight) => Promise<DeviceRun<Column, S>>,
  onHost: () => Run<S>,
  backend: Backend,
): Promise<string[]> {
  const session = backend.open();
  try {
    const uploaded = new Map<ColumnId, Column>();
    const weight = (id: ColumnId): Column => {
      const column = uploaded.get(id) ?? session.upload(toWords(weights.get(id) ?? new Int32Array()), 1);
      uploaded.set(id, column);
      return column;
    };
    const { statement, columns } = await onDevice(session, weight);
    const host = onHost();
    const different = JSON.stringify(statement) === JSON.stringify(host.statement) ? [] : ["statement"];
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
