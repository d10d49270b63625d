import { expect, test } from "vitest";
import { prove, toyCase, WIDE_PARAMETERS, wideCase } from "../testing/toy-proof.ts";
import { proofSizes } from "./sizes.ts";

test("the parts of a proof add up to its file", async () => {
  for (const made of [await toyCase(), await wideCase()]) {
    const proof = await prove(made);
    const parts = proofSizes(made.key, proof);
    expect(parts.reduce((n, p) => n + p.bytes, 0)).toBe(proof.length);
    expect(parts.every((p) => p.bytes > 0)).toBe(true);
  }
});

test("each part is what its name says", async () => {
  const made = await wideCase();
  const bytes = new Map(proofSizes(made.key, await prove(made)).map((p) => [p.part, p.bytes]));
  expect([...bytes.keys()]).toEqual([
    "header",
    "input",
    "witness root",
    "proof of work",
    "lookup values",
    "lookup round",
    "lookup evaluations",
    "constant evaluations",
    "constraint round",
    "leaf evaluations",
    "opening round",
    "codeword root",
    "final message",
    "weight leaves",
    "weight paths",
    "witness leaves",
    "witness paths",
    "folded layer 1 leaves",
    "folded layer 1 paths",
    "folded layer 2 leaves",
    "folded layer 2 paths",
  ]);
  expect(bytes.get("header")).toBe(52);
  expect(bytes.get("input")).toBe(made.input.length);
  expect(bytes.get("codeword root")).toBe(32 * WIDE_PARAMETERS.folds.length);
  expect(bytes.get("final message")).toBe(16 * 2 ** WIDE_PARAMETERS.finalBits);
  expect(bytes.get("witness leaves")).toBeGreaterThan(bytes.get("weight leaves") ?? 0);
});
