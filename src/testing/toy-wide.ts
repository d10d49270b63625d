/**
 * A second toy network, for what the first does not have: a strided window, a state with a layer axis, `shift` and `at`, products of two witness columns of
 * degree 3 and 4 on joint free axes, function tables of odd sizes, a size-1 axis, an axis joint and free at once. With x of 7 cells:
 *
 *   g = table1(conv(x, w))                      2 filters, 4 places, stride 2, pad 1
 *   s_0 = pick(g) + bias, h_l = table2(s_l)     3 cells, 3 layers
 *   (q_l, r_l) = s_l h_l a_l + 8 in base 16, s_{l+1} = table3(q_l)
 *   output = arg max of the last state
 */
import { onesOn, SystemBuilder, term } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import type { Toy } from "./toy.ts";

const [INPUTS, FILTERS, PLACES, OFFSETS, LAYERS, CELLS] = [7, 2, 4, 3, 3, 3];
const [STRIDE, PAD, SHIFT, LIMIT] = [2, 1, 4, 3];
const STATE = 16;

const table1 = (v: number): number => (v * v) % 10;
const table2 = (v: number): number => (7 * v + 3) % STATE;
const table3 = (v: number): number => (5 * v) % STATE;

export function wideToy(): Toy {
  const w = Int32Array.of(3, -2, 1, -1, 3, 2);
  // each cell of the first state takes one place of the features, plus a bias of at most 6
  const picked = [1, 6, 3];
  const pick = Int32Array.from({ length: FILTERS * PLACES * CELLS }, (_, n) => (picked[n % CELLS] === Math.floor(n / CELLS) ? 1 : 0));
  const bias = Int32Array.of(6, 0, 4);
  const a = Int32Array.of(3, 1, 2, 0, 3, 3, 2, 2, 1);
  const list = (low: number, size: number, f: (v: number) => number): Int32Array => Int32Array.from({ length: size }, (_, n) => f(low + n));

  const b = new SystemBuilder();
  const axis = (name: string, size: number): number => b.axis(name, size);
  const [i, f, o, k, l, m, c, e, one] = [
    axis("input", INPUTS),
    axis("filter", FILTERS),
    axis("place", PLACES),
    axis("offset", OFFSETS),
    axis("layer", LAYERS),
    axis("other layer", LAYERS),
    axis("cell", CELLS),
    axis("other cell", CELLS),
    axis("one", 1),
  ];
  const x = b.publicColumn("x", [INPUTS], [-LIMIT, LIMIT]);
  const out = b.publicColumn("output", [], [0, CELLS - 1]);
  const W = b.weight("w", [FILTERS, OFFSETS], w);
  const Pick = b.weight("pick", [FILTERS, PLACES, CELLS], pick);
  const Bias = b.weight("bias", [1, CELLS], bias);
  const A = b.weight("a", [LAYERS, CELLS], a);
  const reach = LIMIT * 6;
  const { input: conv, output: g } = b.mapped(
    "conv",
    "g",
    [FILTERS, PLACES],
    b.functionTable("features", -reach, list(-reach, 2 * reach + 1, table1)),
  );
  const { input: s, output: h } = b.mapped("s", "h", [LAYERS, CELLS], b.functionTable("mix", 0, list(0, STATE, table2)));
  const quotients = (15 * 15 * 3 + 2 ** (SHIFT - 1)) >> SHIFT;
  const { input: q, output: y } = b.mapped("q", "y", [LAYERS, CELLS], b.functionTable("next", 0, list(0, quotients + 1, table3)));
  const r = b.witness("r", [LAYERS, CELLS], [0, 2 ** SHIFT - 1]);
  const last = b.witness("last", [CELLS], [0, STATE - 1]);
  const scaled = b.witness("scaled", [LAYERS, CELLS], [0, 79]);
  const margin = b.witness("margin", [CELLS], [0, STATE - 1]);

  b.constraint(
    "window",
    [f, o],
    [
      term(
        1,
        [
          { column: W, axes: [f, k] },
          { column: x, axes: [i] },
        ],
        [{ kind: "window", axes: [o, k, i], stride: STRIDE, dilation: 1, pad: PAD }],
      ),
      term(-1, [{ column: conv, axes: [f, o] }]),
    ],
  );
  b.constraint(
    "first state",
    [c],
    [
      term(1, [
        { column: g, axes: [f, o] },
        { column: Pick, axes: [f, o, c] },
      ]),
      term(1, [{ column: Bias, axes: [one, c] }]),
      term(-1, [{ column: s, axes: [m, c] }], [{ kind: "at", axes: [m], index: 0 }]),
    ],
  );
  b.constraint(
    "product",
    [l, c],
    [
      term(1, [
        { column: s, axes: [l, c] },
        { column: h, axes: [l, c] },
        { column: A, axes: [l, c] },
      ]),
      term(-(2 ** SHIFT), [{ column: q, axes: [l, c] }]),
      term(-1, [{ column: r, axes: [l, c] }]),
      term(2 ** (SHIFT - 1), [], onesOn([l, c])),
    ],
  );
  b.constraint(
    "next state",
    [l, c],
    [
      term(1, [{ column: y, axes: [l, c] }]),
      term(-1, [{ column: s, axes: [m, c] }], [{ kind: "shift", axes: [l, m], offset: 1 }]),
      term(-1, [{ column: last, axes: [c] }], [{ kind: "at", axes: [l], index: LAYERS - 1 }]),
    ],
  );
  b.constraint(
    "scaled next state",
    [l, c],
    [
      term(
        1,
        [
          { column: A, axes: [l, c] },
          { column: s, axes: [m, c] },
        ],
        [{ kind: "shift", axes: [l, m], offset: 1 }],
      ),
      term(-1, [{ column: scaled, axes: [l, c] }]),
    ],
  );
  b.constraint(
    "arg max",
    [c],
    [
      term(1, [{ column: margin, axes: [c] }]),
      term(1, [{ column: last, axes: [c] }]),
      term(1, [], [{ kind: "below", axes: [c], column: out }]),
      term(-1, [{ column: last, axes: [e] }], [{ kind: "select", axes: [e], column: out }, ...onesOn([c])]),
    ],
  );

  const run: Toy["run"] = (input) => {
    const convs = Int32Array.from({ length: FILTERS * PLACES }, (_, n) => {
      const [filter, place] = [Math.floor(n / PLACES), n % PLACES];
      let sum = 0;
      for (let d = 0; d < OFFSETS; d++) sum += (w[filter * OFFSETS + d] ?? 0) * (input[place * STRIDE + d - PAD] ?? 0);
      return sum;
    });
    const features = convs.map(table1);
    const layers = { s: new Int32Array(LAYERS * CELLS), q: new Int32Array(LAYERS * CELLS), r: new Int32Array(LAYERS * CELLS) };
    let state = Int32Array.from(picked, (n, cell) => (features[n] ?? 0) + (bias[cell] ?? 0));
    for (let layer = 0; layer < LAYERS; layer++) {
      layers.s.set(state, layer * CELLS);
      const sums = state.map((v, cell) => v * table2(v) * (a[layer * CELLS + cell] ?? 0) + 2 ** (SHIFT - 1));
      layers.q.set(
        sums.map((v) => v >> SHIFT),
        layer * CELLS,
      );
      layers.r.set(
        sums.map((v) => v % 2 ** SHIFT),
        layer * CELLS,
      );
      state = sums.map((v) => table3(v >> SHIFT));
    }
    const output = state.indexOf(Math.max(...state));
    const margins = state.map((v, cell) => (state[output] ?? 0) - v - (cell < output ? 1 : 0));
    const columns = new Map<ColumnId, Int32Array>([
      [conv, convs],
      [g, features],
      [s, layers.s],
      [h, layers.s.map(table2)],
      [q, layers.q],
      [y, layers.q.map(table3)],
      [r, layers.r],
      [last, state],
      [scaled, layers.s.map((_, n) => (a[n] ?? 0) * (layers.s[n + CELLS] ?? 0))],
      [margin, margins],
    ]);
    return { output, columns };
  };
  return { built: b.build(), input: x, output: out, inputs: INPUTS, labels: CELLS, run };
}
