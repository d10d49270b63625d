/** Compares the witness that a backend computes with the host's. */
import type { Backend, Session } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import type { CompiledProgram } from "../model/compile.ts";
import { computeWitness } from "../model/device.ts";
import type { ColumnId } from "../system/types.ts";
import type { IntTensor } from "../tensor/tensor.ts";

/** The names of the columns that differ, and the output if it does. @throws what `computeWitness` throws */
export async function deviceDifferences(compiled: CompiledProgram, input: IntTensor, backend: Backend): Promise<string[]> {
  const session = backend.open();
  try {
    const { output, columns } = await computeWitness(compiled, input, session, weightsOn(session, compiled));
    const host = compiled.witness(input);
    const actual = await Promise.all([...host.columns.keys()].map((id) => session.read(columns.get(id) ?? session.zeros(1, 1))));
    const names = [...host.columns].flatMap(([id, cells], k) => {
      const words = toWords(cells);
      const same = words.length === actual[k]?.length && words.every((word, i) => word === actual[k]?.[i]);
      return same ? [] : [compiled.built.system.columns[id]?.name ?? `column ${id}`];
    });
    return output === host.result.classIndex ? names : ["output", ...names];
  } finally {
    session.end();
  }
}

function weightsOn(session: Session, { built }: CompiledProgram) {
  const uploaded = new Map<ColumnId, ReturnType<Session["upload"]>>();
  return (id: ColumnId) => {
    const known = uploaded.get(id) ?? session.upload(toWords(built.weights.get(id) ?? new Int32Array()), 1);
    uploaded.set(id, known);
    return known;
  };
}
