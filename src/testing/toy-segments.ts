/**
 * A toy network in segments: a state of 20 cells goes through layers s' = floor((a_l s + b_l) / 16); it begins as the input plus 50, and the output is the first of
 * its largest cells at the end. A segment of layers [from, to) takes the state at `from` from its incoming column, or from the input if it is the first one, and
 * gives the state at `to` to its outgoing column, or to the arg max if it is the last.
 */
import { referenceBackend } from "../backend/reference/index.ts";
import { fillDerived } from "../model/witness.ts";
import { FORMAT_VERSION } from "../proof/key.ts";
import { commitUnder } from "../prover/commit.ts";
import { segmentParameters } from "../prover/segments.ts";
import type { Parameters } from "../security/types.ts";
import type { SegmentedKey } from "../segments/key.ts";
import { tensorBytes } from "../statement/encoding.ts";
import { type BuiltSystem, onesOn, SystemBuilder, term } from "../system/builder.ts";
import type { ColumnId } from "../system/types.ts";
import type { ToyCase } from "./toy-proof.ts";

const [CELLS, LAYERS, BASE, LIMIT] = [20, 6, 16, 50];
const TOP = 255;

/** A segmented key, and for each segment a case with the honest witness of one run. */
export interface SegmentedCase {
  readonly key: SegmentedKey;
  readonly parts: readonly ToyCase[];
}

interface ToySegment {
  readonly built: BuiltSystem;
  readonly input: ColumnId;
  readonly output: ColumnId;
  readonly fill: (states: readonly Int32Array[], x: Int32Array, output: number) => Map<ColumnId, Int32Array>;
}

interface Layers {
  readonly scale: Int32Array;
  readonly bias: Int32Array;
}

function layersOf(seed: number, equal: boolean): Layers {
  let state = seed;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
  const row = (low: number, n: number) => Array.from({ length: CELLS }, () => low + random(n));
  const list = (low: number, n: number) => {
    const first = row(low, n);
    return Int32Array.from(Array.from({ length: LAYERS }, () => (equal ? first : row(low, n))).flat());
  };
  return { scale: list(12, 4), bias: list(0, BASE) };
}

/** The state before every layer from `first` on, and after the last. */
function statesOf({ scale, bias }: Layers, state: Int32Array, first: number): Int32Array[] {
  const states = [state];
  for (let l = first; l < LAYERS; l++)
    states.push(states.at(-1)!.map((s, c) => Math.floor((s * scale[l * CELLS + c]! + bias[l * CELLS + c]!) / BASE)));
  return states;
}

function segmentOf({ scale, bias }: Layers, from: number, to: number): ToySegment {
  const b = new SystemBuilder();
  const [l, m, c, e] = [b.axis("layer", to - from), b.axis("site", to - from + 1), b.axis("cell", CELLS), b.axis("other cell", CELLS)];
  const x = b.publicColumn("x", [CELLS], [-LIMIT, LIMIT]);
  const out = b.publicColumn("output", [], [0, CELLS - 1]);
  const own = (list: Int32Array) => list.subarray(from * CELLS, to * CELLS);
  const a = b.weight("a", [to - from, CELLS], own(scale));
  const bs = b.weight("b", [to - from, CELLS], own(bias));
  const s = b.witness("s", [to - from + 1, CELLS], [0, TOP]);
  const r = b.witness("r", [to - from, CELLS], [0, BASE - 1]);
  const on = (column: ColumnId, ...axes: number[]) => ({ column, axes });
  b.constraint(
    "layer",
    [l, c],
    [
      term(1, [on(a, l, c), on(s, m, c)], [{ kind: "shift", axes: [l, m], offset: 0 }]),
      term(1, [on(bs, l, c)]),
      term(-BASE, [on(s, m, c)], [{ kind: "shift", axes: [l, m], offset: 1 }]),
      term(-1, [on(r, l, c)]),
    ],
  );
  const end = (index: number, axis = c) => term(-1, [on(s, m, axis)], [{ kind: "at", axes: [m], index }]);
  const incoming = from === 0 ? null : b.boundary("incoming", "state before", [CELLS], [0, TOP]);
  const outgoing = to === LAYERS ? null : b.boundary("outgoing", "state after", [CELLS], [0, TOP]);
  const begin = incoming === null ? [term(1, [on(x, c)]), term(LIMIT, [], onesOn([c]))] : [term(1, [on(incoming, c)])];
  b.constraint("begin", [c], [...begin, end(0)]);
  const margin = outgoing === null ? b.witness("margin", [CELLS], [0, TOP]) : null;
  if (outgoing !== null) b.constraint("end", [c], [term(1, [on(outgoing, c)]), end(to - from)]);
  if (margin !== null)
    b.constraint(
      "arg max",
      [c],
      [
        term(1, [on(margin, c)]),
        term(1, [on(s, m, c)], [{ kind: "at", axes: [m], index: to - from }]),
        term(1, [], [{ kind: "below", axes: [c], column: out }]),
        term(-1, [on(s, m, e)], [{ kind: "at", axes: [m], index: to - from }, { kind: "select", axes: [e], column: out }, ...onesOn([c])]),
      ],
    );
  const built = b.build();
  const fill: ToySegment["fill"] = (states, input, output) => {
    const inside = states.slice(from, to + 1);
    const rests = inside
      .slice(0, -1)
      .map((v, k) => v.map((w, i) => w * scale[(from + k) * CELLS + i]! + bias[(from + k) * CELLS + i]! - BASE * inside[k + 1]![i]!));
    const [begins, ends] = [inside[0]!, inside.at(-1)!];
    const filled = new Map<ColumnId, Int32Array>([
      [x, input],
      [out, Int32Array.of(output)],
      [s, Int32Array.from(inside.flatMap((v) => [...v]))],
      [r, Int32Array.from(rests.flatMap((v) => [...v]))],
    ]);
    if (incoming !== null) filled.set(incoming, begins);
    if (outgoing !== null) filled.set(outgoing, ends);
    if (margin !== null)
      filled.set(
        margin,
        ends.map((v, i) => ends[output]! - v - (i < output ? 1 : 0)),
      );
    fillDerived(built, filled);
    return filled;
  };
  return { built, input: x, output: out, fill };
}

/** What a segmented toy is made from. */
export interface SegmentedToy {
  /** First layers of the segments after the first one. */
  readonly cuts?: readonly number[];
  readonly seed?: number;
  readonly x?: Int32Array;
  /** All layers are the same one. */
  readonly equalLayers?: boolean;
  /** A dishonest run: this segment and those after it go on from another state. The output is theirs. */
  readonly from?: { readonly segment: number; readonly state: Int32Array };
  /** Of all segments, in place of those that are chosen for 100 bits. */
  readonly parameters?: Parameters;
}

export const TOY_INPUT = Int32Array.from({ length: CELLS }, (_, i) => ((i * 37) % 101) - LIMIT);

/** Keys and honest witnesses of a run. */
export async function segmentedCase({
  cuts = [2, 3],
  seed = 1,
  x = TOY_INPUT,
  equalLayers = false,
  from,
  parameters,
}: SegmentedToy = {}): Promise<SegmentedCase> {
  const layers = layersOf(seed, equalLayers);
  const bounds = [0, ...cuts, LAYERS];
  const honest = statesOf(
    layers,
    x.map((v) => v + LIMIT),
    0,
  );
  const cut = from === undefined ? LAYERS : bounds[from.segment]!;
  const states = from === undefined ? honest : [...honest.slice(0, cut), ...statesOf(layers, from.state, cut)];
  const last = states.at(-1)!;
  const output = last.indexOf(Math.max(...last));
  const toys = bounds.slice(1).map((to, i) => segmentOf(layers, bounds[i]!, to));
  const chosen = segmentParameters(toys.map((t) => t.built.system));
  const parts: ToyCase[] = [];
  for (const [i, toy] of toys.entries()) {
    const description = {
      name: "toy segment",
      input: { kind: "tensor", shape: [CELLS], exponent: 0, range: [-LIMIT, LIMIT] } as const,
      inputColumn: toy.input,
      output: { labels: Array.from({ length: CELLS }, (_, k) => `${k}`) },
      outputColumn: toy.output,
    };
    const { verifying, weights } = await commitUnder(toy.built, description, parameters ?? chosen[i]!, referenceBackend());
    parts.push({
      toy,
      key: verifying,
      weights,
      input: tensorBytes(x),
      output,
      witness: toy.fill(bounds[i]! < cut ? honest : states, x, output),
    });
  }
  return { key: { version: FORMAT_VERSION, name: "toy", segments: parts.map((p) => p.key) }, parts };
}
