import { describe, expect, it } from "vitest";
import { log2, power } from "./numbers.ts";
import { bitsPerQuery, johnson, johnsonGapError, johnsonRadius, uniqueDecoding, uniqueGapError, uniqueRadius } from "./proximity.ts";

describe("log2() and power()", () => {
  it("agree with the engine's", () => {
    for (const x of [1, 2, 3, 0.1, 0.999999, 1.5, 7e-40, 2 ** -124, 2 ** 31 - 1, 1e300]) expect(log2(x)).toBeCloseTo(Math.log2(x), 10);
    expect(log2(2 ** -124)).toBe(-124);
    expect(power(2, 62)).toBe(2 ** 62);
    expect(power(0.5, 124)).toBe(2 ** -124);
    expect(power(3, 0)).toBe(1);
  });
  it("refuse what has no logarithm", () => {
    for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => log2(x)).toThrow(RangeError);
  });
});

describe("bitsPerQuery()", () => {
  const table: [blowup: number, unique: string, johnson3: string, johnson10: string][] = [
    [1, "0.415", "0.278", "0.430"],
    [2, "0.678", "0.778", "0.930"],
    [3, "0.830", "1.278", "1.430"],
    [4, "0.913", "1.778", "1.930"],
    [5, "0.956", "2.278", "2.430"],
  ];
  it.each(table)("at rate 2^-%i is %s, Johnson %s and %s", (blowup, unique, johnson3, johnson10) => {
    const rate = 2 ** -blowup;
    expect(bitsPerQuery(uniqueRadius(rate)).toFixed(3)).toBe(unique);
    expect(bitsPerQuery(johnsonRadius(rate, 3)).toFixed(3)).toBe(johnson3);
    expect(bitsPerQuery(johnsonRadius(rate, 10)).toFixed(3)).toBe(johnson10);
  });
});

describe("gap errors", () => {
  const table: [blowup: number, message: number, unique: string, johnson: readonly string[]][] = [
    [1, 20, "105.0", ["99.2", "93.0", "89.8", "85.1"]],
    [1, 24, "101.0", ["95.2", "89.0", "85.8", "81.1"]],
    [2, 20, "103.4", ["96.6", "90.5", "87.3", "82.6"]],
    [2, 24, "99.4", ["92.6", "86.5", "83.3", "78.6"]],
    [3, 20, "102.2", ["94.1", "88.0", "84.8", "80.1"]],
    [3, 24, "98.2", ["90.1", "84.0", "80.8", "76.1"]],
    [3, 26, "96.2", ["88.1", "82.0", "78.8", "74.1"]],
    [4, 20, "101.1", ["91.6", "85.5", "82.3", "77.6"]],
  ];
  it.each(table)("at rate 2^-%i of a message of 2^%i are %s bits, Johnson m = 1, 3, 5, 10 %j", (blowup, message, unique, johnsonBits) => {
    const rate = 2 ** -blowup;
    const domain = 2 ** (message + blowup);
    expect((-log2(uniqueGapError(rate, domain))).toFixed(1)).toBe(unique);
    expect([1, 3, 5, 10].map((m) => (-log2(johnsonGapError(rate, m, domain))).toFixed(1))).toEqual(johnsonBits);
  });
});

describe("johnson()", () => {
  it.each([
    [1, 1], // negative radius
    [1, 3],
    [1, 5],
    [1, 8],
    [2, 1],
  ])("at rate 2^-%i refuses m = %i, whose radius does not exceed unique decoding's", (blowup, m) => {
    expect(() => johnson(blowup, m)).toThrow(/does not exceed the unique decoding radius/);
  });
  it("takes the first multiplicities that help", () => {
    expect(johnson(1, 9).radius).toBeGreaterThan(uniqueDecoding(1).radius);
    expect(johnson(2, 3).radius).toBeGreaterThan(uniqueDecoding(2).radius);
    expect(johnson(2, 3).listSize).toBe(7);
  });
  it("refuses multiplicities and rates that are not", () => {
    expect(() => johnson(2, 0)).toThrow(RangeError);
    expect(() => johnson(2, 2.5)).toThrow(RangeError);
    expect(() => johnson(0, 3)).toThrow(RangeError);
    expect(() => uniqueDecoding(0)).toThrow(RangeError);
  });
});
