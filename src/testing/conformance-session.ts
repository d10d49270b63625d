/** A small proof-like session: commit, look up, open, with every challenge drawn from what was sent before, so that any deviation changes the whole tape. */
import type { Column } from "../backend/backend.ts";
import type { Bench } from "./conformance-bench.ts";

const ROW_BITS = 6;
const COLUMNS = 8;

export function protocolCase(bench: Bench): Column[] {
  const { session } = bench;
  const matrix = bench.column(COLUMNS * 2 ** ROW_BITS, 1);
  const multiplicities = bench.column(64, 1);

  const hasher = session.rowHasher(2 ** (ROW_BITS + 1), COLUMNS);
  hasher.absorb(session.encode(session.interleave(matrix, ROW_BITS, 0), 1), session.encode(session.interleave(matrix, ROW_BITS, 4), 1));
  const tree = session.merkle(hasher.digests());
  session.absorb(2, bench.samples.words(8));
  session.send(5, [session.slice(tree, 2, 2)]);

  session.grind(4);
  const alpha = session.draw(2);
  const cells = session.slice(matrix, 0, 60);
  let layer = session.fractions(
    8,
    [
      { offset: 0, shape: [12, 5], columns: [cells], table: 1, multiplicity: null },
      { offset: 128, shape: [64], columns: [session.slice(matrix, 64, 64)], table: 1, multiplicity: multiplicities },
    ],
    alpha,
    alpha + 1,
  );
  while (layer.numerators.length > 1) {
    layer = session.addFractions(layer.numerators, layer.denominators);
    session.send(
      7,
      [layer.numerators, layer.denominators].map((column) => session.slice(column, 0, 1)),
    );
  }

  const point = session.draw(3);
  const weights = session.eqTable([point, point + 1, point + 2]);
  let word = session.encode(session.contract(matrix, 1, 2 ** ROW_BITS, weights), 1);
  const target = session.zeros(2 ** ROW_BITS, 4);
  session.addEq(
    target,
    0,
    Array.from({ length: ROW_BITS }, () => session.draw(1)),
    [{ scalar: point, bit: 1 }],
    alpha,
  );
  let pair = { first: session.lift(session.slice(matrix, 0, 2 ** ROW_BITS)), second: target, weight: alpha };
  let r: number | null = null;
  for (let size = 2 ** ROW_BITS; size >= 2; size /= 2) {
    session.send(12, [session.innerRound(size, [pair], [], r)]);
    pair = { ...pair, first: session.slice(pair.first, 0, size), second: session.slice(pair.second, 0, size) };
    r = session.draw(1);
    word = session.fold(word, r);
  }
  session.send(14, [word]);
  session.grind(6);
  return [session.drawPositions(20, ROW_BITS + 1), tree];
}
