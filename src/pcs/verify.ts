/**
 * Verifies the weighted opening (SPEC §8): all claims on all commitments become one inner product, one sumcheck reduces it to one point of every stacked matrix,
 * and folding the line code shows the matrices' values there (BaseFold).
 */
import { InternalError, VerifyError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import type { Digest } from "../hash/suite.ts";
import { eqAt, eqBits, eqTable } from "../poly/eq.ts";
import { evaluate } from "../poly/multilinear.ts";
import { quadraticAt } from "../poly/univariate.ts";
import type { Parameters } from "../security/types.ts";
import { bitsOf } from "../system/types.ts";
import type { Receiver } from "../transcript/receiver.ts";
import { TAGS } from "../transcript/tags.ts";
import type { ValuedClaim } from "./claim.ts";
import type { Layout } from "./layout.ts";
import { type CommittedRows, type FoldedLayer, verifyQueries } from "./queries.ts";

/** Shows all claims on the committed matrices, in their order in the protocol. @throws VerifyError opening/*, grind/nonce, decode/* */
export function verifyOpening(
  receiver: Receiver,
  parameters: Parameters,
  layouts: readonly Layout[],
  roots: readonly Digest[],
  claims: readonly ValuedClaim[],
): void {
  const deltas = k.powers(receiver.draw(), claims.length);
  let claim = k.sum(claims.map((c, i) => k.mul(at(deltas, i), c.value)));
  const round = (): QM31 => {
    const [low, lead] = receiver.receiveElements(TAGS.openingRound, 2);
    if (!low || !lead) throw new InternalError("two elements expected");
    receiver.grind(parameters.grinding.fold);
    const r = receiver.draw();
    claim = quadraticAt(low, k.sub(claim, low), lead, r);
    return r;
  };

  const columnBits = Math.max(...layouts.map((l) => l.columnBits));
  const columnPoint: QM31[] = [];
  for (let i = 0; i < columnBits; i++) columnPoint.push(round());
  const columnPoints = layouts.map((l) => columnPoint.slice(columnBits - l.columnBits));

  const etas = eqTable(Array.from({ length: bitsOf(layouts.length) }, () => round()));
  const rowPoint: QM31[] = [];
  const layers: FoldedLayer[] = [];
  parameters.folds.forEach((folds) => {
    const root = receiver.receiveDigest(TAGS.codewordRoot);
    const challenges = Array.from({ length: folds }, () => round());
    rowPoint.push(...challenges);
    layers.push({ root, challenges });
  });
  const message = receiver.receiveElements(TAGS.finalMessage, 2 ** parameters.finalBits);
  const finalPoint = Array.from({ length: parameters.finalBits }, () => round());
  rowPoint.push(...finalPoint);

  const weights = layouts.map((layout, c) => {
    const weight = weightAt(layout, claims, deltas, [...at(columnPoints, c), ...rowPoint]);
    return k.mul(at(etas, c), k.scale(weight, m31.halfPower(columnBits - layout.columnBits)));
  });
  if (!k.equals(claim, k.mul(evaluate(message, finalPoint), k.sum(weights)))) throw new VerifyError("opening/claim", "opening sumcheck");

  receiver.grind(parameters.grinding.query);
  const drawn = receiver.drawPositions(parameters.queries, parameters.rowBits + parameters.blowup);
  const positions = [...new Set(drawn)].sort((a, b) => a - b);
  const commitments = layouts.map((layout, c): CommittedRows => {
    const columns = eqTable(at(columnPoints, c)).slice(0, layout.width);
    return { root: at(roots, c), weights: columns.map((e) => k.mul(at(etas, c), e)) };
  });
  verifyQueries(receiver, parameters, positions, commitments, layers, message);
}

/** Wt_c at a point of the matrix's variables (SPEC §8.3): every claim's eq, scattered over the blocks of its column. */
function weightAt(layout: Layout, claims: readonly ValuedClaim[], deltas: readonly QM31[], point: readonly QM31[]): QM31 {
  const byColumn = new Map<number, number[]>();
  claims.forEach((claim, i) => {
    byColumn.set(claim.column, [...(byColumn.get(claim.column) ?? []), i]);
  });
  let total = k.ZERO;
  for (const block of layout.blocks) {
    const own = byColumn.get(at(layout.columns, block.tensor)) ?? [];
    if (own.length === 0) continue;
    const high = point.length - block.bits;
    const low = point.slice(high);
    const selector = eqBits(point.slice(0, high), Math.floor(block.position / 2 ** block.bits), high);
    let inner = k.ZERO;
    for (const i of own) {
      let weight = at(deltas, i);
      const local: QM31[] = [];
      block.pieces.forEach(({ offset, bits }, d) => {
        const axis = at(at(claims, i).point, d);
        const prefix = axis.length - bits;
        weight = k.mul(weight, eqBits(axis.slice(0, prefix), offset / 2 ** bits, prefix));
        local.push(...axis.slice(prefix));
      });
      inner = k.add(inner, k.mul(weight, eqAt(local, low)));
    }
    total = k.add(total, k.mul(selector, inner));
  }
  return total;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new InternalError(`index ${index} of ${list.length}`);
  return item;
}
