/** Conformance cases of the integer verbs: sizes below, at and above a workgroup, a page of 128 KiB and a window of a histogram; views that leave their tensor. */
import type { Column } from "../backend/backend.ts";
import { fromInteger } from "../field/m31.ts";
import {
  add,
  cell,
  constant,
  type Expression,
  entry,
  equal,
  greatest,
  index,
  inside,
  least,
  less,
  multiply,
  quotient,
  single,
  subtract,
  type View,
  viewOf,
} from "../tensor/integers.ts";
import type { Bench, ConformanceCase } from "./conformance-bench.ts";

export const integerCases: Record<string, ConformanceCase> = {
  "dot: matrices": (bench) =>
    [
      [1, 1, 1],
      [1, 3, 5],
      [2, 5, 31],
      [3, 7, 32],
      [1, 64, 33],
      [1, 257, 300],
      [70, 70, 9],
    ].flatMap(([rows = 1, outputs = 1, length = 1]) => {
      const x = viewOf(sampled(bench, rows * length, 99), [rows, length], [0, 2], 3);
      const w = viewOf(sampled(bench, outputs * length, 9999), [outputs, length], [1, 2], 3);
      const bias = viewOf(sampled(bench, outputs, 2 ** 29), [outputs], [1], 2);
      return [bench.session.dot([rows, outputs], [length], [w, x], bias), bench.session.dot([rows, outputs], [length], [w, x], null)];
    }),
  "dot: one number": (bench) => {
    const x = viewOf(sampled(bench, 130, 999), [130]);
    const ten = bench.session.slice(sampled(bench, 13, 999), 3, 10);
    return [
      bench.session.dot([], [130], [x, x], null),
      bench.session.dot([], [130], [x], single(ten)),
      bench.session.dot([3], [], [viewOf(ten, [3])], null),
    ];
  },
  "dot: windows": (bench) =>
    WINDOWS.map(([height, width, rows, columns, kernel, strides, dilations, pads]) => {
      const weight = viewOf(sampled(bench, 6 * kernel * kernel, 999), [3, 2, kernel, kernel], [0, 3, 4, 5], 6);
      const image = windows(sampled(bench, 2 * height * width, 999), [2, height, width], 6, [1, 2], [4, 5], 3, strides, dilations, pads);
      const bias = viewOf(sampled(bench, 3, 999), [3], [0], 3);
      return bench.session.dot([3, rows, columns], [2, kernel, kernel], [weight, image], bias);
    }),
  "dot: sums of windows": (bench) =>
    WINDOWS.map(([height, width, rows, columns, kernel, strides, dilations, pads]) => {
      const image = windows(sampled(bench, 2 * height * width, 999), [2, height, width], 5, [1, 2], [3, 4], 0, strides, dilations, pads);
      return bench.session.dot([2, rows, columns], [kernel, kernel], [image], null);
    }),
  "dot: backwards": (bench) => {
    const cells = sampled(bench, 40, 999);
    const reversed = { cells, coordinates: [{ size: 40, stride: 1, offset: 39, steps: [-1, -3] }] };
    return [bench.session.dot([20], [7], [reversed, { ...reversed, coordinates: [] }], null)];
  },
  "largest: ties, borders, long and short": (bench) => {
    const { session } = bench;
    const out = [1, 5, 31, 64, 1000].flatMap((n) => Object.values(session.largest([], [n], viewOf(sampled(bench, n, 20), [n]))));
    const rows = [3, 130].flatMap((n) => Object.values(session.largest([n], [50], viewOf(sampled(bench, 50 * n, 9), [n, 50]))));
    const pools = WINDOWS.flatMap(([height, width, r, c, kernel, strides, dilations, pads]) => {
      const image = windows(sampled(bench, 2 * height * width, 3), [2, height, width], 5, [1, 2], [3, 4], 0, strides, dilations, pads);
      return Object.values(session.largest([2, r, c], [kernel, kernel], image));
    });
    return [...out, ...rows, ...pools];
  },
  "map: every expression": (bench) =>
    [1, 3, 4, 255, 256, 257, 9000].flatMap((n) => {
      const views = [viewOf(sampled(bench, n, 2 ** 29), [n]), viewOf(sampled(bench, n, 40), [n]), single(sampled(bench, 1, 9))];
      const tables = [sampled(bench, 50, 2 ** 29), bench.session.slice(sampled(bench, 9, 99), 2, 3)];
      return bench.session.map([n], views, tables, EVERY_KIND);
    }),
  "map: transposed, repeated, windows, indices": (bench) => {
    const { session } = bench;
    const cells = sampled(bench, 2 * 3 * 4, 99);
    const row = viewOf(session.slice(cells, 5, 4), [1, 1, 4], [0, 1, 2], 3);
    const image = windows(cells, [2, 3, 4], 4, [0, 1], [2, 3], null, 1, 1, 1);
    return [
      ...session.map([4, 2, 3], [viewOf(cells, [2, 3, 4], [1, 2, 0])], [], [cell(0)]),
      ...session.map([2, 3, 4], [viewOf(cells, [2, 3, 4]), row], [], [add(cell(0), cell(1))]),
      ...session.map([3, 4, 3, 3], [image], [], [cell(0), inside(0), add(multiply(index(2), 3), index(3))]),
      ...session.map([], [single(cells)], [], [add(cell(0), 1)]),
    ];
  },
  histogram: (bench) =>
    [1, 2, 255, 256, 4095, 4096, 9000].flatMap((size) => {
      const columns = [1, 70, 3000, 20_000].map((n) => sampled(bench, n, Math.ceil(0.6 * size)));
      const all = [...columns, bench.session.slice(columns[2]!, 5, 90), bench.session.zeros(500, 1)];
      return [bench.session.histogram(all, Math.floor(-size / 2), size), bench.session.histogram(columns.slice(0, 2), 0, size)];
    }),
};

/** height, width, output rows and columns; kernel, stride, dilation and padding of both directions. */
const WINDOWS = [
  [5, 6, 5, 6, 3, 1, 1, 1],
  [7, 5, 3, 2, 2, 2, 2, 0],
  [9, 9, 4, 4, 3, 3, 1, 2],
  [20, 17, 9, 8, 6, 2, 1, 1],
  [4, 4, 1, 1, 4, 1, 1, 0],
] as const;

const [a, b, c] = [cell(0), cell(1), cell(2)];
const shifted = quotient(a, 2 ** 9);
const EVERY_KIND: readonly Expression[] = [
  a,
  add(a, b),
  subtract(b, a),
  multiply(b, c),
  least(b, c),
  greatest(b, -3),
  less(b, c),
  equal(b, c),
  shifted,
  subtract(a, multiply(shifted, 2 ** 9)),
  quotient(b, 7),
  quotient(a, 196),
  quotient(a, 1),
  constant(-12345),
  entry(0, b),
  entry(1, add(b, 1)),
];

/** Integers in [-bound, bound]. */
function sampled({ session, samples }: Bench, count: number, bound: number): Column {
  return session.upload(
    Uint32Array.from({ length: count }, () => fromInteger(samples.below(2 * bound + 1) - bound)),
    1,
  );
}

/** A view of an image through square windows; `channel` is its loop index, or null for the first channel. */
function windows(
  cells: Column,
  [channels = 1, height = 1, width = 1]: readonly number[],
  indices: number,
  output: readonly [number, number],
  kernel: readonly [number, number],
  channel: number | null,
  stride: number,
  dilation: number,
  pad: number,
): View<Column> {
  const steps = (...along: (readonly [number, number])[]) =>
    Array.from({ length: indices }, (_, k) => along.find(([index]) => index === k)?.[1] ?? 0);
  const slide = (d: 0 | 1) => steps([output[d], stride], [kernel[d], dilation]);
  return {
    cells,
    coordinates: [
      { size: channels, stride: height * width, offset: 0, steps: channel === null ? steps() : steps([channel, 1]) },
      { size: height, stride: width, offset: -pad, steps: slide(0) },
      { size: width, stride: 1, offset: -pad, steps: slide(1) },
    ],
  };
}
