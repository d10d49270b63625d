/** The prover: bind, commit, look up, constrain, open (SPEC §5), on any backend. Proof bytes depend on key, statement and witness alone. */
import type { Backend, Column, Session } from "../backend/backend.ts";
import { ColumnStore } from "../backend/columns.ts";
import { InternalError } from "../errors.ts";
import { proveLookups } from "../lookup/prove.ts";
import { ROOT_TAGS } from "../pcs/layout.ts";
import { proveOpening } from "../pcs/prove.ts";
import { type Commitment, commitColumns, rootOf, type Tick } from "../pcs/prove-commit.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { encodeProof } from "../proof/proof.ts";
import { proveConstraints } from "../sumcheck/prove.ts";
import type { ColumnId } from "../system/types.ts";
import { bind, prepareKey, statementColumns } from "../verifier/verify.ts";
import { type WeightData, weightColumn, weightData } from "./commit.ts";

/** Phases in order, the same names everywhere: progress, benches, reports. */
export const PHASES = ["witness", "commit", "look up", "constrain", "open"] as const;
export type Phase = (typeof PHASES)[number];

/** Other work gets a turn at least this often, between steps. */
const BREATH_MS = 40;

export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
}

export interface ProveOptions {
  readonly backend: Backend;
  /** Aborting rejects with the signal's reason at the next step; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Whether a phase lasts until the device has done its work; else phases only queue it, and the last one waits (default: false). */
  readonly awaitPhases?: boolean | undefined;
}

/** Raw input, output and witness columns, made on the device. */
export interface Computed {
  readonly input: Uint8Array;
  readonly output: number;
  readonly columns: ReadonlyMap<ColumnId, Column>;
}

/** What is to be proven: the raw input, the output, and all witness columns: as canonical words, or made on the device. */
export type Assignment =
  | { readonly input: Uint8Array; readonly output: number; readonly witness: (column: ColumnId) => Uint32Array }
  | { readonly compute: (session: Session, column: (id: ColumnId) => Column, tick: Tick) => Promise<Computed> };

/** The proof's bytes. `compute` is given the device's copies of weight columns, and tells how far it is. @throws the signal's reason if aborted; DeviceError if the backend cannot */
export async function proveSystem(
  key: VerifyingKey,
  weights: WeightData,
  assignment: Assignment,
  options: ProveOptions,
): Promise<Uint8Array> {
  const { plan, digest } = prepareKey(key);
  const { system, parameters } = key;
  let breathed = performance.now();
  let current: Phase = "witness";
  const step =
    (phase: Phase): Tick =>
    async (done, total) => {
      if (phase !== current && options.awaitPhases === true) await options.backend.finished?.();
      current = phase;
      options.onProgress?.({ phase, done, total });
      if (performance.now() - breathed > BREATH_MS) {
        await breathe();
        breathed = performance.now();
      }
      options.signal?.throwIfAborted();
    };
  const session = options.backend.open();
  try {
    const make = (id: ColumnId): Column => {
      const kind = system.columns[id]?.kind;
      if (kind === "weight") return weightColumn(session, weights, id);
      if (kind === "public") return session.upload(publicValues.get(id) ?? new Uint32Array(), 1);
      if ("witness" in assignment) return session.upload(assignment.witness(id), 1);
      throw new InternalError(`the device has not made column ${system.columns[id]?.name}`);
    };
    const store = new ColumnStore(session, system, make);
    const statement = await statementOf(assignment, store, step("witness"));
    await step("witness")(1, 1);
    const publicValues = statementColumns(key, statement);
    bind(session, key, digest, statement, publicValues);
    const indices = (column: ColumnId) => publicValues.get(column) ?? [];

    await step("commit")(0, 1);
    const commitments: Commitment[] = [];
    for (const layout of plan.layouts) {
      if (layout.kind === "weight") {
        commitments.push({ layout, ...weightData(session, weights) });
        continue;
      }
      const commitment = await commitColumns(
        session,
        layout,
        parameters.blowup,
        (id) => store.column(id),
        (id) => store.shape(id),
        layout.kind === "witness" ? step("commit") : () => step("commit")(1, 1),
      );
      session.send(ROOT_TAGS[layout.kind], [rootOf(session, commitment.tree)]);
      commitments.push(commitment);
    }

    const claims = await proveLookups(store, system, plan.lookups, parameters.grinding.lookup, step("look up"));
    claims.push(...(await proveConstraints(store, system, plan.constraints, indices, step("constrain"))));
    const tape = await proveOpening(session, parameters, commitments, claims, step("open"));
    return encodeProof({ suite: 1, key: digest, ...statement, words: tape });
  } finally {
    session.end();
  }
}

/** Input and output; witness columns that are made on the device are in the store afterwards. */
async function statementOf(assignment: Assignment, store: ColumnStore, tick: Tick): Promise<{ input: Uint8Array; output: number }> {
  if ("witness" in assignment) return { input: assignment.input, output: assignment.output };
  const { input, output, columns } = await assignment.compute(store.session, (id) => store.column(id), tick);
  store.add(columns);
  return { input, output };
}

/** Lets timers, input and cancellation run. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
