import { afterAll, describe, expect, it } from "vitest";
import { InternalError } from "../../errors.ts";
import { describeConformance } from "../../testing/conformance.ts";
import { Bench } from "../../testing/conformance-bench.ts";
import { referenceBackend } from "../reference/index.ts";
import { committed, generate } from "./build.ts";
import { cpuBackend } from "./index.ts";

for (const threads of [1, 2, 3]) describeConformance(`cpu with ${threads} threads`, () => cpuBackend({ threads }));

it("the committed kernels are what the sources compile to", async () => {
  expect(await committed()).toBe(await generate());
}, 120_000);

describe("cpuBackend()", async () => {
  const backend = await cpuBackend({ threads: 2 });
  afterAll(() => backend.close());

  it("runs sessions side by side", async () => {
    const [a, b] = [new Bench(backend, 1), new Bench(backend, 2)];
    const [x, y] = [a.column(5000, 4), b.column(5000, 4)];
    const sums = [a.session.sumProduct([x]), b.session.sumProduct([y])];
    const before = await b.session.read(y);
    a.session.end();
    expect(await b.session.read(y)).toEqual(before);
    const alone = new Bench(referenceBackend(), 2);
    expect(await b.session.read(sums[1]!)).toEqual(await alone.session.read(alone.session.sumProduct([alone.column(5000, 4)])));
    b.session.end();
  });

  it("gives back all memory when a session ends", async () => {
    const used = async (): Promise<number> => {
      const { session } = new Bench(backend, 1);
      const column = session.zeros(2 ** 16, 4);
      session.eqTable(Array.from({ length: 12 }, () => session.draw(1)));
      session.end();
      return (column as unknown as { pointer: number }).pointer;
    };
    const first = await used();
    for (let k = 0; k < 20; k++) expect(await used()).toBe(first);
  });

  it("refuses columns that are foreign, freed twice or of the wrong width", () => {
    const { session } = new Bench(backend, 1);
    const foreign = referenceBackend().open().zeros(4, 4);
    expect(() => session.bind([foreign], session.draw(1))).toThrow(InternalError);
    expect(() => session.bind([session.zeros(4, 1)], session.draw(1))).toThrow("Width 1 where 4 is expected");
    const column = session.zeros(4, 4);
    session.free(column);
    expect(() => session.free(column)).toThrow(InternalError);
    const other = session.zeros(8, 4);
    expect(() => session.free(session.slice(other, 4, 4))).toThrow(InternalError);
    session.end();
  });

  it("refuses sizes that do not fit the tables", () => {
    const { session } = new Bench(backend, 1);
    const [a, b] = [session.zeros(8, 4), session.zeros(4, 4)];
    const r = session.draw(1);
    expect(() => session.productRound(8, [a, b], [{ tables: [0, 1], weight: r }], [], 2, r)).toThrow(
      "A table of 4 entries in a round of 8",
    );
    expect(() => session.productRound(4, [a, b], [{ tables: [0, 1], weight: r }], [], 2, null)).toThrow(
      "A table of 8 entries in a round of 4",
    );
    expect(() => session.encode(session.zeros(6, 4), 1)).toThrow("The message length (6) is not a power of two");
    expect(() => session.gather(a, Uint32Array.of(8))).toThrow("Index 8 of 8 entries");
    session.end();
  });

  it("takes 1 to 32 threads", async () => {
    await expect(cpuBackend({ threads: 0 })).rejects.toThrow(RangeError);
    await expect(cpuBackend({ threads: 33 })).rejects.toThrow(RangeError);
    expect(backend.name).toBe("cpu (wasm simd, 2 threads)");
  });
});
