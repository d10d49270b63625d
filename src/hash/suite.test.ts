import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternalError } from "../errors.ts";
import { add, P } from "../field/m31.ts";
import { anyWord } from "../testing/arbitrary.ts";
import vectors from "../testing/vectors/suite-poseidon2-m31.json" with { type: "json" };
import { hashBytes } from "./bytes.ts";
import { WIDTH_16 } from "./poseidon2-constants.ts";
import { permuteGeneric } from "./poseidon2-definition.ts";
import { poseidon2M31 } from "./poseidon2-m31.ts";
import type { Sponge } from "./suite.ts";
import { suiteByName, suiteByNumber } from "./suites.ts";

const suite = poseidon2M31;
const permuted = (state: readonly number[]): number[] => permuteGeneric(state, WIDTH_16);
const drawn = (sponge: Sponge, count: number): number[] => Array.from({ length: count }, () => sponge.draw());
const words = (length: fc.IntegerConstraints): fc.Arbitrary<number[]> =>
  fc.integer(length).chain((n) => fc.array(anyWord, { minLength: n, maxLength: n }));

/** SPEC §2.2 read aloud: the state after absorbing. */
function absorbed(state: readonly number[], tag: number, message: readonly number[]): number[] {
  let s = [...state];
  s[8] = add(s[8]!, tag);
  s[9] = add(s[9]!, message.length);
  const blocks = Math.max(1, Math.ceil(message.length / 8));
  for (let b = 0; b < blocks; b++) {
    message.slice(8 * b, 8 * b + 8).forEach((word, i) => {
      s[i] = add(s[i]!, word);
    });
    s = permuted(s);
  }
  return s;
}

const ZERO_STATE = Array.from({ length: 16 }, () => 0);

describe("sponge", () => {
  test("draws before any message come from the permuted zero state", () => {
    const state = permuted(ZERO_STATE);
    expect(drawn(suite.sponge(), 16)).toEqual([...state.slice(0, 8), ...permuted(state).slice(0, 8)]);
  });

  test("follows the specification", () => {
    fc.assert(
      fc.property(words({ min: 0, max: 20 }), words({ min: 0, max: 20 }), (first, second) => {
        const sponge = suite.sponge();
        sponge.absorb(6, first);
        let state = absorbed(ZERO_STATE, 6, first);
        expect(drawn(sponge, 3)).toEqual(state.slice(0, 3));
        sponge.absorb(7, Uint32Array.from(second));
        state = absorbed(state, 7, second);
        expect(drawn(sponge, 12)).toEqual([...state.slice(0, 8), ...permuted(state).slice(0, 4)]);
      }),
      { numRuns: 50 },
    );
  });

  test("tells tags, lengths and trailing zeros apart", () => {
    const results = (
      [
        [6, []],
        [7, []],
        [6, [0]],
        [6, [0, 0]],
        [6, Array.from({ length: 8 }, () => 0)],
        [6, Array.from({ length: 9 }, () => 0)],
      ] as const
    ).map(([tag, message]) => {
      const sponge = suite.sponge();
      sponge.absorb(tag, message);
      return drawn(sponge, 4).join();
    });
    expect(new Set(results).size).toBe(results.length);
  });

  test("a digest is absorbed as its words", () => {
    const digest = suite.row([1, 2, 3, 4, 5, 6, 7, 8]);
    const [a, b] = [suite.sponge(), suite.sponge()];
    a.absorbDigest(5, digest);
    b.absorb(5, digest);
    expect(drawn(a, 8)).toEqual(drawn(b, 8));
  });

  test("clones are independent", () => {
    const sponge = suite.sponge();
    sponge.absorb(6, [1, 2]);
    sponge.draw();
    const clone = sponge.clone();
    const expected = drawn(sponge, 10);
    expect(drawn(clone, 10)).toEqual(expected);
  });

  test("known answers", () => {
    const sponge = suite.sponge();
    for (const { tag, message, draws } of vectors.sponge) {
      sponge.absorb(tag, message);
      expect(drawn(sponge, draws.length)).toEqual(draws);
    }
  });
});

describe("grind", () => {
  const start = (): Sponge => {
    const sponge = suite.sponge();
    sponge.absorb(6, [1, 2, 3]);
    sponge.draw();
    return sponge;
  };

  test("accepts exactly the nonces whose state ends in zeros, and the transcript goes on after a permutation", () => {
    const before = absorbed(ZERO_STATE, 6, [1, 2, 3]);
    let accepted = 0;
    for (let nonce = 0; nonce < 64; nonce++) {
      const state = absorbed(before, 1, [nonce]);
      const sponge = start();
      const accepts = sponge.grindAccepts(3, nonce);
      expect(accepts).toBe(state[0]! % 8 === 0);
      expect(drawn(sponge, 2)).toEqual(accepts ? permuted(state).slice(0, 2) : before.slice(1, 3));
      if (accepts) accepted++;
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(64);
  });

  test("of 0 bits does nothing", () => {
    const sponge = start();
    expect(sponge.grindAccepts(0, 5)).toBe(true);
    expect(drawn(sponge, 12)).toEqual(drawn(start(), 12));
  });

  test("known smallest nonce", () => {
    const { bits, nonce, draws } = vectors.grind;
    for (let smaller = 0; smaller < nonce; smaller++) expect(start().grindAccepts(bits, smaller)).toBe(false);
    const sponge = start();
    expect(sponge.grindAccepts(bits, nonce)).toBe(true);
    expect(drawn(sponge, draws.length)).toEqual(draws);
  });
});

describe("Merkle hashes", () => {
  test("a node is the permutation with feed-forward", () => {
    const digest = fc.array(anyWord, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(digest, digest, (left, right) => {
        const state = permuted([...left, ...right]);
        const node = suite.node(Uint32Array.from(left), Uint32Array.from(right));
        expect(Array.from(node)).toEqual(left.map((word, i) => add(word, state[i]!)));
      }),
      { numRuns: 50 },
    );
  });

  test.each([0, 8, 16, 24])("a row of %i words overwrites the rate", (length) => {
    const row = Array.from({ length }, (_, i) => P - 1 - i);
    let state = [0, 0, 0, 0, 0, 0, 0, 0, 2, length, 0, 0, 0, 0, 0, 0];
    for (let at = 0; at < length; at += 8) state = permuted([...row.slice(at, at + 8), ...state.slice(8)]);
    expect(Array.from(suite.row(row))).toEqual(state.slice(0, 8));
    expect(Array.from(suite.row(Uint32Array.from(row)))).toEqual(state.slice(0, 8));
  });

  test("a row that is no multiple of 8 is refused", () => {
    expect(() => suite.row([1, 2, 3])).toThrow(InternalError);
  });

  test("known answers", () => {
    expect(Array.from(suite.node(Uint32Array.from(vectors.node.left), Uint32Array.from(vectors.node.right)))).toEqual(vectors.node.digest);
    for (const { words: row, digest } of vectors.rows) expect(Array.from(suite.row(row))).toEqual(digest);
  });

  test("only 8 canonical words are a digest", () => {
    const digest = [0, 1, 2, 3, 4, 5, 6, P - 1];
    expect(suite.isDigest(digest)).toBe(true);
    expect(suite.isDigest(digest.slice(1))).toBe(false);
    expect(suite.isDigest([...digest, 0])).toBe(false);
    for (let k = 0; k < 8; k++) for (const bad of [P, 2 ** 32 - 1]) expect(suite.isDigest(digest.with(k, bad))).toBe(false);
  });
});

describe("hashBytes", () => {
  test("absorbs the length, then 3 bytes a word, little-endian", () => {
    const sponge = suite.sponge();
    sponge.absorb(32, [4, 0x030201, 0xff]);
    expect(Array.from(hashBytes(suite, Uint8Array.of(1, 2, 3, 255)))).toEqual(drawn(sponge, 8));
  });

  test("known answers", () => {
    for (const { bytes, digest } of vectors.bytes) expect(Array.from(hashBytes(suite, Uint8Array.from(bytes)))).toEqual(digest);
  });

  test("tells trailing zeros apart", () => {
    const digests = [[], [0], [0, 0], [0, 0, 0], [0, 0, 0, 0]].map((bytes) => hashBytes(suite, Uint8Array.from(bytes)).join());
    expect(new Set(digests).size).toBe(digests.length);
  });
});

test("suites are found by name and number", () => {
  expect(suiteByName("poseidon2-m31")).toBe(suite);
  expect(suiteByNumber(1)).toBe(suite);
  expect(suiteByName("poseidon")).toBeNull();
  expect(suiteByNumber(0)).toBeNull();
});
