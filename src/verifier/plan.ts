/** Everything that follows from a verifying key before a proof is read: the shapes of the three arguments, the layouts and the soundness. */
import { ModelError } from "../errors.ts";
import { suiteByName } from "../hash/suites.ts";
import { type LookupPlan, planLookups } from "../lookup/plan.ts";
import { cellsOfKind, commitmentsOf, type Layout, layoutOf } from "../pcs/layout.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { type Soundness, soundness } from "../security/bits.ts";
import type { Parameters, Shape } from "../security/types.ts";
import { publicColumns } from "../statement/columns.ts";
import { type ConstraintPlan, planConstraints } from "../sumcheck/plan.ts";
import { checkRanges } from "../system/bounds.ts";
import { checkSystem } from "../system/shape.ts";
import { cellsOf, type System } from "../system/types.ts";

export interface Plan {
  readonly lookups: LookupPlan;
  readonly constraints: ConstraintPlan;
  /** Of all commitments, in their order in the protocol. */
  readonly layouts: readonly Layout[];
  readonly soundness: Soundness;
}

/** What counting n-grams of a text may cost: passes over it, and characters to hash at each place. */
const MAX_GROUPS = 16;
const MAX_NGRAM = 64;

/** Checks a key and derives its plan. @throws SyntaxError, ModelError or RangeError if the key contradicts itself */
export function planKey(key: VerifyingKey): Plan {
  if (!suiteByName(key.suite)?.isDigest(key.weightRoot)) throw new SyntaxError("The key's weight root is not a digest");
  checkSystem(key.system);
  checkRanges(key.system);
  if (key.input.kind === "ngrams" && (key.input.groups.length > MAX_GROUPS || key.input.groups.some(([g = ""]) => g.length > MAX_NGRAM)))
    throw new ModelError(
      `The key's input takes more than ${MAX_GROUPS} passes over a text, or n-grams of more than ${MAX_NGRAM} characters`,
    );
  checkPublicColumns(key);
  return planSystem(key.system, key.parameters);
}

/** The public columns are those that a statement fills, each once. */
function checkPublicColumns(key: VerifyingKey): void {
  const wanted = publicColumns(key);
  const isLabelled = key.input.kind !== "tokens" && key.input.kind !== "embedding";
  if (key.output.labels.length > 0 !== isLabelled) throw new ModelError("The key's labels do not fit its output");
  for (const { id, shape, range } of wanted) {
    const column = key.system.columns[id];
    // the input's cells are checked against its encoding, which may allow fewer
    const fits =
      id === key.inputColumn ? column && column.range[0] <= range[0] && column.range[1] >= range[1] : column?.range.join() === range.join();
    if (column?.kind !== "public" || column.shape.join() !== shape.join() || !fits)
      throw new ModelError(`The key's statement does not fit its column ${column?.name ?? id}`);
  }
  const count = key.system.columns.filter((c) => c.kind === "public").length;
  if (new Set(wanted.map((c) => c.id)).size !== count || count !== wanted.length)
    throw new ModelError(`The key has ${count} public columns, a statement has ${wanted.length}`);
}

/** What the verifier holds in memory: weights of a matrix's columns, and the last codeword. */
const MAX_WIDTH = 2 ** 16;
const MAX_FINAL_CODE_BITS = 20;

/** The plan of a system under given parameters. @throws ModelError, RangeError if they ask too much of a verifier */
export function planSystem(system: System, parameters: Parameters): Plan {
  const lookups = planLookups(system);
  const constraints = planConstraints(system);
  const layouts = commitmentsOf(system).map((kind) => layoutOf(system, kind, parameters.rowBits));
  const widest = layouts.reduce((max, l) => Math.max(max, l.width), 0);
  if (widest > MAX_WIDTH)
    throw new RangeError(`Cannot use ${2 ** parameters.rowBits} rows: a commitment would have ${widest} columns, allowed are ${MAX_WIDTH}`);
  if (parameters.finalBits + parameters.blowup > MAX_FINAL_CODE_BITS)
    throw new RangeError(
      `Cannot use finalBits ${parameters.finalBits} and blowup ${parameters.blowup}: their sum may be at most ${MAX_FINAL_CODE_BITS}`,
    );
  const shape: Shape = { ...shapeOf(system, lookups, constraints), widths: layouts.map((l) => l.width) };
  return { lookups, constraints, layouts, soundness: soundness(shape, parameters) };
}

/** What the soundness of a system depends on, before its commitments are laid out. */
export function shapeOf(system: System, lookups: LookupPlan, constraints: ConstraintPlan): Omit<Shape, "widths"> {
  return {
    lookupBits: lookups.bits,
    lookups: lookups.instances.reduce((n, i) => n + cellsOf(i.shape), 0),
    maxLookupArity: lookups.instances.reduce((n, i) => Math.max(n, i.columns.length), 0),
    constraintCount: system.constraints.length,
    rhoBits: constraints.rhoBits,
    constraintRounds: constraints.rounds,
    constraintDegree: constraints.degree,
    claims: lookups.evaluations.length + constraints.constant.length + constraints.round.length,
  };
}

/** Committed cells by commitment, in their order in the protocol. */
export function committedCells(system: System): number[] {
  return commitmentsOf(system).map((kind) => cellsOfKind(system, kind));
}
