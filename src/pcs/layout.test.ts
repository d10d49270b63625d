import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { widthOf } from "../security/parameters.ts";
import { bitsOf, type ColumnSpec, cellsOf, type System } from "../system/types.ts";
import { stackBlocks } from "../tensor/blocks.ts";
import { layoutOf } from "./layout.ts";

const anyShape = fc.array(fc.integer({ min: 1, max: 13 }), { maxLength: 3 });

describe("stackBlocks()", () => {
  test("covers every cell of every tensor exactly once, without a hole", () => {
    fc.assert(
      fc.property(fc.array(anyShape, { minLength: 1, maxLength: 5 }), (shapes) => {
        const { blocks, cells } = stackBlocks(shapes);
        const seen = new Set<string>();
        const positions = new Set<number>();
        for (const block of blocks) {
          expect(block.position % 2 ** block.bits).toBe(0);
          const sizes = block.pieces.map((p) => 2 ** p.bits);
          expect(cellsOf(sizes)).toBe(2 ** block.bits);
          for (let i = 0; i < cellsOf(sizes); i++) {
            let rest = i;
            const index = sizes.toReversed().map((size) => {
              const x = rest % size;
              rest = Math.floor(rest / size);
              return x;
            });
            const cell = index.toReversed().map((x, d) => block.pieces[d]!.offset + x);
            expect(cell.every((x, d) => x < shapes[block.tensor]![d]!)).toBe(true);
            seen.add(`${block.tensor}: ${cell}`);
            positions.add(block.position + i);
          }
        }
        expect(seen.size).toBe(shapes.reduce((n, s) => n + cellsOf(s), 0));
        expect(positions.size).toBe(seen.size);
        expect(cells).toBe(seen.size);
        expect(Math.max(...positions)).toBe(cells - 1);
      }),
    );
  });

  test("orders blocks by size, then tensor, then row-major", () => {
    const { blocks } = stackBlocks([[3], [2, 3]]);
    expect(blocks.map((b) => [b.tensor, b.bits, b.pieces.map((p) => p.offset)])).toEqual([
      [1, 2, [0, 0]],
      [0, 1, [0]],
      [1, 1, [0, 2]],
      [0, 0, [2]],
    ]);
  });
});

describe("layoutOf()", () => {
  const columns: ColumnSpec[] = [
    { name: "w", kind: "weight", shape: [5, 7], range: [0, 0] },
    { name: "x", kind: "public", shape: [100], range: [0, 0] },
    { name: "y", kind: "witness", shape: [9], range: [0, 0] },
    { name: "z", kind: "witness", shape: [], range: [0, 0] },
  ];
  const system: System = { axes: [], columns, constraints: [], tables: [], lookups: [] };

  test("takes the columns of one kind and a width of whole eights", () => {
    const witness = layoutOf(system, "witness", 0);
    expect(witness.columns).toEqual([2, 3]);
    expect(witness).toMatchObject({ rowBits: 0, width: 16, columnBits: 4 });
    expect(layoutOf(system, "weight", 2)).toMatchObject({ columns: [0], rowBits: 2, width: 16, columnBits: 4 });
    expect(layoutOf({ ...system, columns: [] }, "weight", 2)).toMatchObject({ columns: [], width: 8, columnBits: 3 });
  });

  test("has the width that the security analysis assumes", () => {
    fc.assert(
      fc.property(fc.array(anyShape, { maxLength: 4 }), fc.nat(6), (shapes, rowBits) => {
        const layout = layoutOf({ ...system, columns: shapes.map((shape) => ({ ...columns[0]!, shape })) }, "weight", rowBits);
        expect(layout.width).toBe(
          widthOf(
            shapes.reduce((n, s) => n + cellsOf(s), 0),
            rowBits,
          ),
        );
        expect(layout.columnBits).toBe(bitsOf(layout.width));
      }),
    );
  });
});
