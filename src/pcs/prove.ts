/** Proves the weighted opening (SPEC §8.3 to §8.6). Sends what `verifyOpening` receives. */
import type { Column, IdleTerm, Scalar, Session } from "../backend/backend.ts";
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { Parameters } from "../security/types.ts";
import { bitsOf } from "../system/types.ts";
import { TAGS } from "../transcript/tags.ts";
import type { Claim } from "./claim.ts";
import { type Commitment, commitCode, type FoldedLayer, rootOf, type Tick } from "./prove-commit.ts";
import { finishProof } from "./prove-queries.ts";

/** Proves all claims and returns the words of the whole proof: everything sent, then the openings. Ticks after every round. */
export async function proveOpening(
  session: Session,
  parameters: Parameters,
  commitments: readonly Commitment[],
  claims: readonly Claim<Scalar>[],
  tick: Tick,
): Promise<Uint32Array> {
  const { rowBits, blowup, grinding } = parameters;
  const columnBits = Math.max(...commitments.map((c) => c.layout.columnBits));
  const steps = columnBits + rowBits + 2;
  const parts = inner(session, commitments, claims, columnBits);

  // Column rounds: a commitment with fewer columns joins late (SPEC §8.4).
  let previous: Scalar | null = null;
  for (let i = 0; i < columnBits; i++) {
    const size = 2 ** (columnBits - i + rowBits);
    const joined = parts.filter((p) => p.columnBits >= columnBits - i);
    const idle = parts
      .filter((p) => p.columnBits < columnBits - i)
      .map((p): IdleTerm => ({ total: p.total, weight: p.weight, factor: m31.pow(2, columnBits - p.columnBits - i - 1) }));
    previous = innerStep(session, size, joined, idle, previous, grinding.fold);
    await tick(i + 1, steps);
  }
  if (previous !== null)
    bindParts(
      session,
      parts.filter((p) => p.columnBits > 0),
      previous,
    );

  // The commitment index is bound like more column bits (SPEC §8.5); the combination is encoded and folded (SPEC §8.6).
  const combined = commitmentRounds(session, parts, grinding.fold);
  let code = session.encode(combined.first, blowup);
  const layers: FoldedLayer[] = [];
  previous = null;
  let round = 0;
  for (const folds of parameters.folds) {
    const layer = commitCode(session, code, folds);
    session.send(TAGS.codewordRoot, [rootOf(session, layer.tree)]);
    layers.push(layer);
    for (let i = 0; i < folds; i++) {
      previous = innerStep(session, 2 ** (rowBits - round), [combined], [], previous, grinding.fold);
      const next = session.fold(code, previous);
      if (code !== layer.code) session.free(code);
      code = next;
      await tick(columnBits + ++round, steps);
    }
  }
  if (previous !== null) bindParts(session, [combined], previous);
  session.send(TAGS.finalMessage, [combined.first]);
  previous = null;
  while (round < rowBits) {
    previous = innerStep(session, 2 ** (rowBits - round), [combined], [], previous, grinding.fold);
    await tick(columnBits + ++round, steps);
  }

  session.grind(grinding.query);
  const drawn = await session.read(session.drawPositions(parameters.queries, rowBits + blowup));
  const positions = [...new Set(drawn)].sort((a, b) => a - b);
  const words = await finishProof(session, parameters, commitments, layers, positions);
  await tick(steps, steps);
  return words;
}

/** Two columns whose inner product is wanted. */
interface Vectors {
  readonly first: Column;
  readonly second: Column;
}

/** An inner product weight * <first, second> whose variables are being bound. */
interface Inner {
  first: Column;
  second: Column;
  readonly weight: Scalar;
}

/** One commitment's share: <f_c, Wt_c>, weight 2^-(A - a_c). */
interface Part extends Inner {
  readonly columnBits: number;
  readonly total: Column;
}

function inner(session: Session, commitments: readonly Commitment[], claims: readonly Claim<Scalar>[], columnBits: number): Part[] {
  const delta = session.monomials(
    session.draw(1),
    claims.map((_, i) => ({ exponent: i, coefficient: 1 })),
  );
  return commitments.map(({ layout, matrix }): Part => {
    const second = session.zeros(matrix.length, 4);
    // claim by claim: its blocks lie apart, so that a device can add them together
    for (const [i, claim] of claims.entries()) {
      for (const block of layout.blocks) {
        if (layout.columns[block.tensor] !== claim.column) continue;
        const low: Scalar[] = [];
        const conditions: { scalar: Scalar; bit: 0 | 1 }[] = [];
        block.pieces.forEach(({ offset, bits }, d) => {
          const axis = claim.point[d] ?? missing("point");
          const prefix = axis.length - bits;
          axis.slice(0, prefix).forEach((scalar, j) => {
            conditions.push({ scalar, bit: Math.floor(offset / 2 ** (axis.length - 1 - j)) % 2 === 1 ? 1 : 0 });
          });
          low.push(...axis.slice(prefix));
        });
        session.addEq(second, block.position, low, conditions, delta + i);
      }
    }
    const first = session.lift(matrix);
    const weight = session.constants(Uint32Array.of(m31.halfPower(columnBits - layout.columnBits), 0, 0, 0));
    return { columnBits: layout.columnBits, first, second, weight, total: session.sumProduct([first, second]) };
  });
}

/**
 * Binds the index of the commitments, one more variable a bit (SPEC §8.5): of every pair <p + X (q - p), p' + X (q' - p')>, and all pairs of a round at the same X.
 * Commitments that are missing up to a power of two are zero.
 */
function commitmentRounds(session: Session, parts: readonly Part[], grinding: number): Inner {
  const one = session.constants(Uint32Array.of(1, 0, 0, 0));
  const minusOne = session.constants(Uint32Array.of(m31.neg(1), 0, 0, 0));
  const sum = (columns: readonly Column[]): Column =>
    columns.length === 1
      ? (columns[0] ?? missing("column"))
      : session.combine(
          columns,
          columns.map(() => one),
        );
  const difference = (high: Column, low: Column): Column => session.combine([high, low], [one, minusOne]);
  const products = (list: readonly Vectors[]): Column => sum(list.map((v) => session.sumProduct([v.first, v.second])));
  let bound: Vectors[] = parts.map((p) => ({ first: p.first, second: session.combine([p.second], [p.weight]) }));
  const length = bound[0]?.first.length ?? missing("commitment");
  while (bound.length < 2 ** bitsOf(parts.length)) bound.push({ first: session.zeros(length, 4), second: session.zeros(length, 4) });
  let spent = bound.flatMap((v, c) => (c < parts.length ? [v.second] : [v.first, v.second]));
  while (bound.length > 1) {
    const half = bound.length / 2;
    const low = bound.slice(0, half);
    const slope = low.map((p, i): Vectors => {
      const q = bound[half + i] ?? missing("commitment");
      return { first: difference(q.first, p.first), second: difference(q.second, p.second) };
    });
    session.send(TAGS.openingRound, [products(low), products(slope)]);
    session.grind(grinding);
    const eta = session.draw(1);
    const at = (p: Column, d: Column): Column => session.combine([p, d], [one, eta]);
    bound = low.map((p, i) => {
      const d = slope[i] ?? missing("slope");
      return { first: at(p.first, d.first), second: at(p.second, d.second) };
    });
    for (const column of [...spent, ...slope.flatMap((v) => [v.first, v.second])]) session.free(column);
    spent = bound.flatMap((v) => [v.first, v.second]);
  }
  return { ...(bound[0] ?? missing("commitment")), weight: one };
}

/** Sends one round of the inner product and draws its challenge; columns keep `size` entries. */
function innerStep(
  session: Session,
  size: number,
  parts: readonly Inner[],
  idle: readonly IdleTerm[],
  r: Scalar | null,
  grinding: number,
): Scalar {
  const message = session.innerRound(size, parts, idle, r);
  for (const part of parts) {
    part.first = session.slice(part.first, 0, size);
    part.second = session.slice(part.second, 0, size);
  }
  session.send(TAGS.openingRound, [message]);
  session.free(message);
  session.grind(grinding);
  return session.draw(1);
}

function bindParts(session: Session, parts: readonly Inner[], r: Scalar): void {
  session.bind(
    parts.flatMap((p) => [p.first, p.second]),
    r,
  );
  for (const part of parts) {
    part.first = session.slice(part.first, 0, part.first.length / 2);
    part.second = session.slice(part.second, 0, part.second.length / 2);
  }
}

function missing(what: string): never {
  throw new InternalError(`no ${what}`);
}
