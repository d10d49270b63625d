/**
 * A network of equal layers on one axis (SPEC §4.3 shift): h_{l+1} = relu(round(h_l W_l / 2^s)), l = 0..L-1. One weight column, one constraint and one look-up for all
 * layers. Column `state` holds the inputs of the layers, `last` the output of the last one.
 */
import type { Backend } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { fillDerived } from "../model/witness.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { commitSystem } from "../prover/commit.ts";
import { proveSystem } from "../prover/prove.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { type BuiltSystem, onesOn, SystemBuilder, term } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";

export interface Layered {
  readonly built: BuiltSystem;
  readonly input: ColumnId;
  readonly output: ColumnId;
  /** Witness columns and arg max of an input. */
  readonly run: (x: Int32Array) => { readonly output: number; readonly columns: Map<ColumnId, Int32Array> };
}

const [SHIFT, BITS, MAX] = [6, 12, 2 ** 11 - 1];

/** `width` cells a layer, inputs in [0, 2^11). */
export function layeredNetwork(layers: number, width: number): Layered {
  let seed = 7;
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  // Rows of mixed signs with an L1 norm below 2^SHIFT: the state never leaves its range.
  const bound = Math.max(1, Math.floor(2 ** SHIFT / width));
  const w = Int32Array.from({ length: layers * width * width }, () => random(2 * bound + 1) - bound);
  const b = new SystemBuilder();
  const [l, m, k, j, o] = [
    b.axis("layer", layers),
    b.axis("next layer", layers),
    b.axis("in", width),
    b.axis("out", width),
    b.axis("other", width),
  ];
  const x = b.publicColumn("x", [width], [0, MAX]);
  const index = b.publicColumn("output", [], [0, width - 1]);
  const W = b.weight("W", [layers, width, width], w);
  const state = b.witness("state", [layers, width], [0, MAX]);
  const last = b.witness("last", [width], [0, MAX]);
  const { input: q, output: y } = b.mapped("q", "y", [layers, width], b.reluTable(2 ** BITS));
  const r = b.witness("r", [layers, width], [0, 2 ** SHIFT - 1]);
  b.constraint(
    "layers",
    [l, j],
    [
      term(1, [
        { column: state, axes: [l, k] },
        { column: W, axes: [l, k, j] },
      ]),
      term(-(2 ** SHIFT), [{ column: q, axes: [l, j] }]),
      term(-1, [{ column: r, axes: [l, j] }]),
      term(2 ** (SHIFT - 1), [], onesOn([l, j])),
    ],
  );
  b.constraint(
    "next state",
    [l, j],
    [
      term(1, [{ column: y, axes: [l, j] }]),
      term(-1, [{ column: state, axes: [m, j] }], [{ kind: "shift", axes: [l, m], offset: 1 }]),
      term(-1, [{ column: last, axes: [j] }], [{ kind: "at", axes: [l], index: layers - 1 }]),
    ],
  );
  b.constraint(
    "first state",
    [j],
    [term(1, [{ column: x, axes: [j] }]), term(-1, [{ column: state, axes: [m, j] }], [{ kind: "at", axes: [m], index: 0 }])],
  );
  const d = b.witness("margin", [width], [0, 2 ** BITS - 1]);
  b.constraint(
    "arg max",
    [j],
    [
      term(1, [{ column: d, axes: [j] }]),
      term(1, [{ column: last, axes: [j] }]),
      term(1, [], [{ kind: "below", axes: [j], column: index }]),
      term(-1, [{ column: last, axes: [o] }], [{ kind: "select", axes: [o], column: index }, ...onesOn([j])]),
    ],
  );
  const built = b.build();
  const run: Layered["run"] = (input) => {
    const tensors = {
      state: new Int32Array(layers * width),
      q: new Int32Array(layers * width),
      y: new Int32Array(layers * width),
      r: new Int32Array(layers * width),
    };
    let h = input;
    for (let layer = 0; layer < layers; layer++) {
      const next = new Int32Array(width);
      tensors.state.set(h, layer * width);
      for (let out = 0; out < width; out++) {
        let sum = 2 ** (SHIFT - 1);
        for (let i = 0; i < width; i++) sum += (h[i] ?? 0) * (w[(layer * width + i) * width + out] ?? 0);
        const cell = layer * width + out;
        tensors.q[cell] = sum >> SHIFT;
        tensors.r[cell] = sum & (2 ** SHIFT - 1);
        next[out] = Math.max(0, sum >> SHIFT);
      }
      tensors.y.set(next, layer * width);
      h = next;
    }
    const output = h.indexOf(Math.max(...h));
    const margin = h.map((v, i) => (h[output] ?? 0) - v - (i < output ? 1 : 0));
    return {
      output,
      columns: new Map([
        [state, tensors.state],
        [last, h],
        [q, tensors.q],
        [y, tensors.y],
        [r, tensors.r],
        [d, margin],
      ]),
    };
  };
  return { built, input: x, output: index, run };
}

/** Commits to a network of equal layers; the returned function proves its output for one input, the same at every call. */
export async function layeredProver(
  backend: Backend,
  layers: number,
  width: number,
): Promise<{ readonly key: VerifyingKey; readonly prove: () => Promise<Uint8Array> }> {
  const { built, input, output, run } = layeredNetwork(layers, width);
  const description = {
    name: `${layers} layers`,
    input: { kind: "tensor", shape: [width], exponent: 0, range: [0, MAX] } as const,
    inputColumn: input,
    output: { labels: Array.from({ length: width }, (_, i) => `${i}`) },
    outputColumn: output,
  };
  const { verifying, weights } = await commitSystem(built, description, backend);
  const x = Int32Array.from({ length: width }, (_, i) => (i * 677) % (MAX + 1));
  const { output: index, columns } = run(x);
  fillDerived(built, columns.set(input, x).set(output, Int32Array.of(index)));
  const witness = (id: ColumnId): Uint32Array => toWords(columns.get(id) ?? new Int32Array());
  const assignment = { input: tensorBytes(x), output: index, witness };
  return { key: verifying, prove: () => proveSystem(verifying, weights, assignment, { backend }) };
}
