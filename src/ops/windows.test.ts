import { describe, expect, it } from "vitest";
import type { IntTensor } from "../tensor/tensor.ts";
import { admittedChanges, base, checkNodes, half, refuses, tensor } from "../testing/operators.ts";
import type { IntegerNode } from "./index.ts";
import type { Window } from "./window.ts";

const window = (
  kernel: [number, number],
  strides: [number, number],
  pads: [number, number, number, number],
  dilations: [number, number] = [1, 1],
): Window => ({
  kernel,
  strides,
  dilations,
  padsBefore: [pads[0], pads[1]],
  padsAfter: [pads[2], pads[3]],
});

/** The definition of a convolution, cell by cell. */
function slowConv(x: IntTensor, w: IntTensor, bias: IntTensor | null, win: Window, rows: number, columns: number): number[] {
  const [oc = 0, ic = 0, kh = 0, kw = 0] = w.shape;
  const [, height = 0, width = 0] = x.shape;
  const out: number[] = [];
  for (let o = 0; o < oc; o++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < columns; z++) {
        let sum = bias?.data[o] ?? 0;
        for (let c = 0; c < ic; c++)
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++) {
              const iy = y * win.strides[0] + i * win.dilations[0] - win.padsBefore[0];
              const ix = z * win.strides[1] + j * win.dilations[1] - win.padsBefore[1];
              if (iy >= 0 && iy < height && ix >= 0 && ix < width)
                sum += (w.data[((o * ic + c) * kh + i) * kw + j] ?? 0) * (x.data[(c * height + iy) * width + ix] ?? 0);
            }
        out.push(sum);
      }
  return out;
}

/** Every window's cells inside the image. */
function slowWindows(x: IntTensor, win: Window, rows: number, columns: number): number[][] {
  const [channels = 0, height = 0, width = 0] = x.shape;
  const out: number[][] = [];
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < rows; y++)
      for (let z = 0; z < columns; z++) {
        const cells: number[] = [];
        for (let i = 0; i < win.kernel[0]; i++)
          for (let j = 0; j < win.kernel[1]; j++) {
            const iy = y * win.strides[0] + i * win.dilations[0] - win.padsBefore[0];
            const ix = z * win.strides[1] + j * win.dilations[1] - win.padsBefore[1];
            if (iy >= 0 && iy < height && ix >= 0 && ix < width) cells.push(x.data[(c * height + iy) * width + ix] ?? 0);
          }
        out.push(cells);
      }
  return out;
}

describe("conv", () => {
  it.each([
    ["same padding", window([3, 3], [1, 1], [1, 1, 1, 1]), [5, 6], [5, 6]],
    ["strides and one-sided padding", window([2, 3], [2, 1], [0, 1, 1, 0]), [5, 6], [3, 5]],
    ["dilation", window([2, 2], [1, 2], [0, 0, 0, 0], [2, 3]), [5, 6], [3, 2]],
    ["padding wider than the image reaches", window([3, 1], [3, 1], [2, 0, 2, 0]), [2, 3], [2, 3]],
  ] as const)("matches the definition: %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -7, 30, 5);
    const weight = tensor([3, 2, ...win.kernel], -6, 6, 6);
    const bias = tensor([3], -9, 9, 7);
    const node: IntegerNode = {
      kind: "conv",
      ...base("y", "x"),
      window: win,
      weight,
      bias,
      weightExponent: 0,
      rounding: { shift: 2, bits: 12, map: "relu" },
    };
    const { compiled, output } = checkNodes([node], x, [-7, 30], 3 * rows * columns);
    expect(output.shape).toEqual([3, rows, columns]);
    expect([...output.data]).toEqual(slowConv(x, weight, bias, win, rows, columns).map((a) => Math.max(0, half(a, 2))));
    expect(admittedChanges(compiled, x, [1, -4], 2).admitted).toEqual([]);
  });
});

describe("maxpool", () => {
  const windows = [
    ["in the image", window([2, 2], [2, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["overlapping", window([3, 2], [1, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["reaching over the border", window([3, 3], [2, 2], [1, 1, 1, 1]), [5, 4], [3, 2]],
  ] as const;

  it.each(windows)("is the largest value, %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, -3, 8);
    const { output } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    expect([...output.data]).toEqual(slowWindows(x, win, rows, columns).map((cells) => Math.max(...cells)));
  });

  it.each(windows)("admits no other value, %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, 60, 9);
    const { compiled } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    const { system } = compiled.built;
    const id = (name: string) => system.columns.findIndex((c) => c.name === name);
    const cells = slowWindows(x, win, rows, columns);
    const size = win.kernel[0] * win.kernel[1];
    let tried = 0;
    for (const [k, inside] of cells.entries()) {
      for (const wrong of [...new Set(inside), Math.max(...inside) + 1]) {
        if (wrong === Math.max(...inside)) continue;
        // The best lie: y is another value, its differences follow, and the chosen cell is where they vanish, else any.
        const { columns: witness } = compiled.witness(x);
        const [y, d, s] = [id("y"), id("y difference"), id("y chosen")].map((c) => witness.get(c)?.slice() ?? new Int32Array()) as [
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        const delta = wrong - (y[k] ?? 0);
        const old = s.slice(k * size, (k + 1) * size);
        y[k] = wrong;
        for (let c = 0; c < size; c++) if ((d[k * size + c] ?? 0) !== 0 || old[c] === 1) d[k * size + c] = (d[k * size + c] ?? 0) + delta;
        const zero = d.subarray(k * size, (k + 1) * size).indexOf(0);
        if (zero >= 0) {
          s.fill(0, k * size, (k + 1) * size);
          s[k * size + zero] = 1;
        }
        expect(refuses(compiled, new Map([...witness, [id("y"), y], [id("y difference"), d], [id("y chosen"), s]]))).toBe(true);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(10);
  });

  it("admits no chosen cell outside the image", () => {
    const [, win] = windows[2];
    const x = tensor([1, 5, 4], 0, 60, 10);
    const { compiled } = checkNodes([{ kind: "maxpool", ...base("y", "x"), window: win }], x, [0, 60], 6);
    const { columns } = compiled.witness(x);
    const id = compiled.built.system.columns.findIndex((c) => c.name === "y chosen");
    const s = columns.get(id)?.slice() ?? new Int32Array();
    s.fill(0, 0, 9);
    s[0] = 1; // the upper left cell of the first window is padding
    expect(refuses(compiled, new Map([...columns, [id, s]]))).toBe(true);
  });
});

describe("averagepool", () => {
  it.each([
    ["even windows", window([2, 2], [2, 2], [0, 0, 0, 0]), [4, 6], [2, 3]],
    ["odd windows and padding", window([3, 3], [2, 2], [1, 1, 1, 1]), [5, 4], [3, 2]],
    ["the whole image", window([5, 4], [1, 1], [0, 0, 0, 0]), [5, 4], [1, 1]],
  ] as const)("is the rounded mean: %s", (_, win, [height, width], [rows, columns]) => {
    const x = tensor([2, height, width], -60, 60, 11);
    const { compiled, output } = checkNodes([{ kind: "averagepool", ...base("y", "x"), window: win }], x, [-60, 60], 2 * rows * columns);
    const n = win.kernel[0] * win.kernel[1];
    const sum = (cells: number[]) => cells.reduce((a, b) => a + b, 0);
    expect([...output.data]).toEqual(slowWindows(x, win, rows, columns).map((cells) => Math.floor((sum(cells) + Math.floor(n / 2)) / n)));
    expect(admittedChanges(compiled, x, [1, -1, n, -n]).admitted).toEqual([]);
  });
});
