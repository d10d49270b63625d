/** Evaluations axis by axis, for backends where a contraction costs less than a product in K a cell. */
import type { Column, Evaluation, Session } from "./backend.ts";
import { product } from "./check.ts";

/** What `Session.evaluate` defines, by contracting the largest axis first. */
export function evaluateByAxes(session: Session, { tensor, shape, weights }: Evaluation): Column {
  const sizes = [...shape];
  let current = tensor;
  const order = weights.map((table, d) => ({ table, d })).sort((a, b) => (shape[b.d] ?? 1) - (shape[a.d] ?? 1));
  for (const { table, d } of order) {
    const next = session.contract(current, product(sizes.slice(0, d)), product(sizes.slice(d + 1)), table);
    if (current !== tensor) session.free(current);
    current = next;
    sizes[d] = 1;
  }
  return current.width === 4 ? current : session.lift(current);
}
