/**
 * A toy network written straight against the builder: y = relu(round(x W1 / 2^s)), logits = y W2, output = arg max. Sizes are no powers of two. It serves the
 * tests of the arguments, independent of importers and operators.
 */
import { type BuiltSystem, onesOn, SystemBuilder, term } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";

export interface Toy {
  readonly built: BuiltSystem;
  readonly input: ColumnId;
  readonly output: ColumnId;
  readonly inputs: number;
  readonly labels: number;
  /** Witness columns for an input; `output` is the arg max. */
  readonly run: (x: Int32Array) => { readonly output: number; readonly columns: Map<ColumnId, Int32Array> };
}

const [INPUTS, HIDDEN, LABELS, SHIFT, BITS] = [5, 6, 3, 4, 9];

export function toyNetwork(seed = 1): Toy {
  let state = seed;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % n;
  };
  const w1 = Int32Array.from({ length: INPUTS * HIDDEN }, () => random(31) - 15);
  const w2 = Int32Array.from({ length: HIDDEN * LABELS }, () => random(31) - 15);
  const b = new SystemBuilder();
  const [i, h, l, m] = [b.axis("input", INPUTS), b.axis("hidden", HIDDEN), b.axis("label", LABELS), b.axis("other label", LABELS)];
  const x = b.publicColumn("x", [INPUTS], [-50, 50]);
  const out = b.publicColumn("output", [], [0, LABELS - 1]);
  const W1 = b.weight("W1", [INPUTS, HIDDEN], w1);
  const W2 = b.weight("W2", [HIDDEN, LABELS], w2);
  const { input: q, output: y } = b.mapped("q", "y", [HIDDEN], b.reluTable(2 ** BITS));
  const r = b.witness("r", [HIDDEN], [0, 2 ** SHIFT - 1]);
  b.constraint(
    "layer 1",
    [h],
    [
      term(1, [
        { column: x, axes: [i] },
        { column: W1, axes: [i, h] },
      ]),
      term(-(2 ** SHIFT), [{ column: q, axes: [h] }]),
      term(-1, [{ column: r, axes: [h] }]),
      term(2 ** (SHIFT - 1), [], onesOn([h])),
    ],
  );
  const z = b.witness("logits", [LABELS], [-(2 ** 15), 2 ** 15 - 1]);
  b.constraint(
    "layer 2",
    [l],
    [
      term(1, [
        { column: y, axes: [h] },
        { column: W2, axes: [h, l] },
      ]),
      term(-1, [{ column: z, axes: [l] }]),
    ],
  );
  const d = b.witness("margin", [LABELS], [0, 2 ** 16 - 1]);
  b.constraint(
    "arg max",
    [l],
    [
      term(1, [{ column: d, axes: [l] }]),
      term(1, [{ column: z, axes: [l] }]),
      term(1, [], [{ kind: "below", axes: [l], column: out }]),
      term(-1, [{ column: z, axes: [m] }], [{ kind: "select", axes: [m], column: out }, ...onesOn([l])]),
    ],
  );
  const run: Toy["run"] = (input) => {
    const sum = (w: Int32Array, v: Int32Array, n: number, j: number) => v.reduce((t, a, k) => t + a * (w[k * n + j] ?? 0), 0);
    const acc = Int32Array.from({ length: HIDDEN }, (_, j) => sum(w1, input, HIDDEN, j) + 2 ** (SHIFT - 1));
    const qs = acc.map((a) => a >> SHIFT);
    const ys = qs.map((a) => Math.max(0, a));
    const logits = Int32Array.from({ length: LABELS }, (_, j) => sum(w2, ys, LABELS, j));
    const output = logits.indexOf(Math.max(...logits));
    const margin = logits.map((v, j) => (logits[output] ?? 0) - v - (j < output ? 1 : 0));
    const rs = acc.map((a) => a & (2 ** SHIFT - 1));
    return {
      output,
      columns: new Map([
        [q, qs],
        [y, ys],
        [r, rs],
        [z, logits],
        [d, margin],
      ]),
    };
  };
  return { built: b.build(), input: x, output: out, inputs: INPUTS, labels: LABELS, run };
}
