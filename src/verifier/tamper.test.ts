import { beforeAll, describe, expect, test } from "vitest";
import { decodeKey, type VerifyingKey } from "../proof/key.ts";
import { frozenKey, frozenProof } from "../testing/frozen.ts";
import { MUTATIONS, type Part, partsOf } from "../testing/tamper.ts";
import { prove, toyCase, WIDE_PARAMETERS, wideCase } from "../testing/toy-proof.ts";
import { segmentedCase } from "../testing/toy-segments.ts";
import { EXPECTED, rejectionOf, type Visit, walk } from "../testing/walker.ts";
import { TAGS, tagName } from "../transcript/tags.ts";
import { verifyPart } from "./verify.ts";

let cases: { key: VerifyingKey; proof: Uint8Array }[] = [];
beforeAll(async () => {
  cases = [{ key: decodeKey(frozenKey("decoder-v1")), proof: frozenProof("decoder-v1") }];
  const { parts } = await segmentedCase({ parameters: WIDE_PARAMETERS });
  for (const made of [await toyCase(), await wideCase(), parts[1]!]) cases.push({ key: made.key, proof: await prove(made) });
});

describe("a changed proof", () => {
  test("is rejected wherever and however it was changed, with a code of the table", () => {
    for (const { key, proof } of cases) {
      let state = 1;
      const choose = ({ start, count }: Part): number[] => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return [start + (state % count)];
      };
      const wrong: Visit[] = [];
      let visits = 0;
      for (const visit of walk(key, proof, choose)) {
        visits++;
        if (visit.code === null || !visit.allowed.includes(visit.code)) wrong.push(visit);
      }
      expect(wrong).toEqual([]);
      expect(visits).toBeGreaterThan(4 * partsOf(key, proof).length);
    }
  });

  test("the honest proof passes the same check", () => {
    for (const { key, proof } of cases) expect(rejectionOf(key, proof)).toBeNull();
  });
});

describe("the table of expected codes", () => {
  test("has every part of a proof and nothing else", () => {
    const paths = cases.flatMap(({ key, proof }) => partsOf(key, proof).map((p) => p.path));
    expect(new Set(paths)).toEqual(new Set(Object.keys(EXPECTED)));
  });

  test("has every tag that is received, and all but the tags both sides know are", () => {
    const received = new Set<number>();
    for (const { key, proof } of cases)
      verifyPart(key, proof, { minBits: 0, observer: (kind, tag) => kind === "receive" && received.add(tag) });
    const { keyDigest, statement, publicColumn, bytes, grind, ...messages } = TAGS;
    expect([...received].sort((a, b) => a - b)).toEqual(Object.values(messages).sort((a, b) => a - b));
    for (const tag of received) expect(Object.keys(EXPECTED)).toContain(tagName(tag));
  });
});

test("every mutation changes some word", () => {
  for (const [name, mutate] of Object.entries(MUTATIONS)) {
    const words = [5, 6, 7, 8];
    expect(mutate(words, { path: "", start: 1, count: 2 }, 1), name).not.toEqual(words);
  }
});
