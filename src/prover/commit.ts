/** Key generation: checks the system, chooses parameters, commits the weights (SPEC §4.5, §8). */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { ColumnStore, toWords } from "../backend/columns.ts";
import { ModelError } from "../errors.ts";
import { planLookups } from "../lookup/plan.ts";
import { layoutOf } from "../pcs/layout.ts";
import { commitColumns, rootOf } from "../pcs/prove-commit.ts";
import { FORMAT_VERSION, type VerifyingKey } from "../proof/key.ts";
import { chooseParameters, type Sizes } from "../security/parameters.ts";
import type { Parameters, Regime } from "../security/types.ts";
import { planConstraints } from "../sumcheck/plan.ts";
import { checkNoWrap, checkRanges } from "../system/bounds.ts";
import type { BuiltSystem } from "../system/builder.ts";
import { checkSystem } from "../system/shape.ts";
import type { ColumnId, System } from "../system/types.ts";
import { committedCells, shapeOf } from "../verifier/plan.ts";
import { prepareKey } from "../verifier/verify.ts";

/** The prover's side of the weight commitment: the stacked matrix and its tree. */
export interface WeightData {
  readonly matrix: Uint32Array;
  readonly tree: Uint32Array;
  /** Canonical words of a weight column. */
  readonly column: (id: ColumnId) => Uint32Array;
}

/** What a key says beside its system. */
export type KeyDescription = Pick<VerifyingKey, "name" | "input" | "inputColumn" | "output" | "outputColumn">;

export interface SecurityTarget {
  /** Proven bits, default 100. */
  readonly bits?: number;
  readonly regime?: Regime;
}

/** A system's key with what its prover needs. */
export interface Committed {
  readonly verifying: VerifyingKey;
  readonly weights: WeightData;
}

/** The verifying key of a system and what its prover needs. @throws ModelError if a constraint can wrap around, a range is not forced or the target cannot be met */
export async function commitSystem(
  built: BuiltSystem,
  description: KeyDescription,
  backend: Backend,
  target: SecurityTarget = {},
): Promise<Committed> {
  const { shape, cells } = sizesOf(built.system);
  return commitUnder(built, description, chooseParameters(shape, cells, target.bits, target.regime), backend);
}

/** What the parameters of a system's proofs are chosen from. @throws SyntaxError, ModelError if the system is malformed or a range is not forced */
export function sizesOf(system: System): Sizes {
  checkSystem(system);
  checkRanges(system);
  return { shape: shapeOf(system, planLookups(system), planConstraints(system)), cells: committedCells(system) };
}

/** The same under given parameters. @throws ModelError if a constraint can wrap around or a range is not forced */
export async function commitUnder(
  built: BuiltSystem,
  description: KeyDescription,
  parameters: Parameters,
  backend: Backend,
): Promise<Committed> {
  const { system, weights } = built;
  checkNoWrap(system, weights, built.lengths);
  const layout = layoutOf(system, "weight", parameters.rowBits);
  const words = new Map([...weights].map(([id, values]) => [id, toWords(values)]));
  const column = (id: ColumnId): Uint32Array => {
    const values = words.get(id);
    if (!values) throw new ModelError(`Weight column ${system.columns[id]?.name} has no values`);
    return values;
  };
  const session = backend.open();
  try {
    const store = new ColumnStore(session, system, (id) => session.upload(column(id), 1));
    const tick = async () => undefined;
    const commitment = await commitColumns(
      session,
      layout,
      parameters.blowup,
      (id) => store.column(id),
      (id) => store.shape(id),
      tick,
    );
    const [matrix, tree, weightRoot] = [
      await session.read(commitment.matrix),
      await session.read(commitment.tree),
      await session.read(rootOf(session, commitment.tree)),
    ];
    const verifying: VerifyingKey = { version: FORMAT_VERSION, suite: "poseidon2-m31", parameters, system, weightRoot, ...description };
    prepareKey(verifying);
    return { verifying, weights: { matrix, tree, column } };
  } finally {
    session.end();
  }
}

/** Matrix and tree of the weights on the device, where they stay for later proofs. */
export function weightData(session: Session, weights: WeightData): { readonly matrix: Column; readonly tree: Column } {
  return {
    matrix: session.kept(weights, "matrix", () => session.upload(weights.matrix, 1)),
    tree: session.kept(weights, "tree", () => session.upload(weights.tree, 4)),
  };
}

/** A weight column on the device, where it stays for later proofs. */
export function weightColumn(session: Session, weights: WeightData, id: ColumnId): Column {
  return session.kept(weights, `column ${id}`, () => session.upload(weights.column(id), 1));
}
