/** If one of these fails, the format has changed: see `src/testing/frozen.ts`. */
import { describe, expect, test } from "vitest";
import { decodeKey, encodeKey, FORMAT_VERSION, modelId } from "../proof/key.ts";
import { decodeSegmentedKey, encodeSegmentedKey, segmentedId } from "../segments/key.ts";
import { verifySegments } from "../segments/verify.ts";
import { ACCEPTED, FROZEN, frozenInventory, frozenKey, frozenProof, inventoryOf, proveAll, SEGMENTED } from "../testing/frozen.ts";
import { prove } from "../testing/toy-proof.ts";
import { verify } from "./verify.ts";

describe.each(Object.keys(ACCEPTED))("%s", (name) => {
  test("is of this format version, its key and its proof still read as they were written", () => {
    expect(name).toMatch(new RegExp(`-v${FORMAT_VERSION}$`));
    const key = decodeKey(frozenKey(name));
    expect(encodeKey(key)).toEqual(frozenKey(name));
    const statement = verify(key, frozenProof(name), { minBits: 0 });
    expect(statement).toMatchObject({ modelId: modelId(key), output: { index: 2 }, tokens: { prompt: [1, 5] } });
  });
});

describe.each(Object.keys(FROZEN))("%s", (name) => {
  test("is of this format version, its proof still accepted with its key", async () => {
    expect(name).toMatch(new RegExp(`-v${FORMAT_VERSION}$`));
    const key = decodeKey(frozenKey(name));
    const statement = verify(key, frozenProof(name), { minBits: 0 });
    const made = await FROZEN[name]!();
    expect(statement).toMatchObject({ modelId: modelId(key), input: made.input, output: { index: made.output } });
  });

  test("still has the key and the proof that its network, input and parameters give", async () => {
    const made = await FROZEN[name]!();
    expect(encodeKey(made.key)).toEqual(frozenKey(name));
    expect(await prove(made)).toEqual(frozenProof(name));
  });
});

describe.each(Object.keys(SEGMENTED))("%s", (name) => {
  test("is of this format version, its proof still accepted with its key, and still what its segments give", async () => {
    expect(name).toMatch(new RegExp(`-v${FORMAT_VERSION}$`));
    const key = decodeSegmentedKey(frozenKey(name));
    const made = await SEGMENTED[name]!();
    const statement = verifySegments(key, frozenProof(name), { minBits: 0 });
    expect(statement).toMatchObject({ modelId: segmentedId(key), output: { index: made.parts[0]!.output } });
    expect(encodeSegmentedKey(made.key)).toEqual(frozenKey(name));
    expect(await proveAll(made)).toEqual(frozenProof(name));
  });
});

test("transcripts have the same steps, tags and lengths in the same order", () => {
  const now = [...Object.keys(FROZEN), ...Object.keys(ACCEPTED)].map((name) =>
    inventoryOf(name, decodeKey(frozenKey(name)), frozenProof(name)),
  );
  expect(now.join("\n")).toBe(frozenInventory());
});
