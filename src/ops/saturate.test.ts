import { describe, expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { admittedChanges, base, checkNodes, half, refuses, tensor } from "../testing/operators.ts";
import type { IntegerNode } from "./index.ts";
import type { Rounding } from "./requantize.ts";

describe("saturation", () => {
  const weight = tensor([3, 5], -9, 9, 2);
  const x = tensor([4, 5], -50, 50, 4);
  const exact = [0, 1, 2, 3].flatMap((r) =>
    [0, 1, 2].map((o) => [0, 1, 2, 3, 4].reduce((s, k) => s + (weight.data[o * 5 + k] ?? 0) * (x.data[r * 5 + k] ?? 0), 0)),
  );
  const node = (rounding: Rounding): IntegerNode => ({
    kind: "matmul",
    ...base("y", "x"),
    weight,
    bias: null,
    weightExponent: 0,
    rounding,
  });

  it.each([
    ["relu", 6, 3, 3, (q: number) => Math.min(Math.max(q, 0), 31)],
    ["relu", 5, 0, 6, (q: number) => Math.min(Math.max(q, 0), 15)],
    ["none", 6, 3, 2, (q: number) => Math.min(Math.max(q, -32), 31)],
    ["none", 5, 1, 5, (q: number) => Math.min(Math.max(q, -16), 15)],
  ] as const)("cuts with map %s to %i bits after a shift of %i", (map, bits, shift, high, f) => {
    const { compiled, output } = checkNodes([node({ map, bits, shift, high })], x, [-50, 50], 12);
    const q = exact.map((a) => half(a, shift));
    expect([...output.data]).toEqual(q.map(f));
    const cut = q.filter((v) => f(v) !== v && !(map === "relu" && v < 0)).length;
    expect(cut).toBeGreaterThan(2);
    expect(compiled.run(x).saturations).toBe(cut);
    const unit = 2 ** (map === "relu" ? bits - 1 : bits);
    expect(admittedChanges(compiled, x, [1, -1, unit, -unit], 8).admitted).toEqual([]);
  });

  it("cuts before a function", () => {
    const map = { function: "tanh", inputExponent: 4, outputExponent: 7 } as const;
    const { compiled, output } = checkNodes([node({ map, bits: 6, shift: 2, high: 3 })], x, [-50, 50], 12);
    expect([...output.data]).toEqual(exact.map((a) => Math.round(Math.tanh(Math.min(Math.max(half(a, 2), -32), 31) / 16) * 128)));
    expect(admittedChanges(compiled, x, [1, -1, 64], 4).admitted).toEqual([]);
  });

  it("admits no other way to write q", () => {
    const { compiled } = checkNodes([node({ map: "none", bits: 5, shift: 0, high: 5 })], x, [-50, 50], 12);
    const { columns } = compiled.witness(x);
    const id = (name: string) => compiled.built.system.columns.findIndex((c) => c.name === name);
    const names = ["y above", "y below", "y inside", "y cut", "y"];
    let tried = 0;
    for (const by of [1, -1]) {
      for (let i = 0; i < exact.length; i++) {
        // h is one more or less, l makes up for it; z, c and y follow.
        const [h, l, z, c, y] = names.map((n) => columns.get(id(n))?.slice() ?? new Int32Array()) as [
          Int32Array,
          Int32Array,
          Int32Array,
          Int32Array,
          Int32Array,
        ];
        h[i] = (h[i] ?? 0) + by;
        l[i] = (l[i] ?? 0) - 32 * by;
        z[i] = h[i] === 0 ? 1 : 0;
        c[i] = (h[i] ?? 0) < 0 ? -16 : h[i] === 0 ? 0 : 15;
        y[i] = (z[i] ?? 0) * ((l[i] ?? 0) - 16) + (c[i] ?? 0);
        expect(
          refuses(
            compiled,
            new Map([...columns, [id("y above"), h], [id("y below"), l], [id("y inside"), z], [id("y cut"), c], [id("y"), y]]),
          ),
        ).toBe(true);
        tried++;
      }
    }
    expect(tried).toBe(24);
  });

  it("refuses what even its upper part cannot hold", () => {
    expect(() => checkNodes([node({ map: "relu", bits: 5, shift: 0, high: 1 })], x, [-50, 50], 12)).toThrow(ModelError);
  });
});
