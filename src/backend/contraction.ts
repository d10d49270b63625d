/** Evaluations axis by axis, for backends where a contraction costs less than a product in K a cell. */
import type { Column, Session } from "./backend.ts";
import { product } from "./check.ts";

/** What `Session.evaluate` defines, by contracting the largest axis first. */
export function evaluateByAxes(session: Session, column: Column, shape: readonly number[], weights: readonly Column[]): Column {
  const sizes = [...shape];
  let current = column;
  const order = weights.map((table, d) => ({ table, d })).sort((a, b) => (shape[b.d] ?? 1) - (shape[a.d] ?? 1));
  for (const { table, d } of order) {
    const next = session.contract(current, product(sizes.slice(0, d)), product(sizes.slice(d + 1)), table);
    if (current !== column) session.free(current);
    current = next;
    sizes[d] = 1;
  }
  return current.width === 4 ? current : session.lift(current);
}
