/** Hostile bytes for the decoders and the verifier, and what may happen to them. */
import fc from "fast-check";
import { ModelError, VerifyError } from "../errors.ts";
import { decodeKey, encodeKey, keyDigest, type VerifyingKey } from "../proof/key.ts";
import { decodeProof, encodeProof } from "../proof/proof.ts";
import { planKey } from "../verifier/plan.ts";
import { verify } from "../verifier/verify.ts";

/** Words that have broken decoders before: lengths, signs, the field's order. */
const anyBadWord = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 8, 31, 32, 255, 0x7ffffffe, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat(40),
  fc.integer({ min: 0, max: 0xffffffff }),
);

type Change = (bytes: Uint8Array) => Uint8Array;

/** The bytes with a few words, bytes or ranges changed, or cut off. */
export function mutatedBytes(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const word = fc.tuple(fc.nat(Math.floor(bytes.length / 4) - 1), anyBadWord).map(([at, value]) => (out: Uint8Array): Uint8Array => {
    new DataView(out.buffer).setUint32(4 * at, value, true);
    return out;
  });
  const byte = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(
    ([at, value]) =>
      (out: Uint8Array) =>
        out.with(at, value),
  );
  const cut = fc.nat(bytes.length).map((length) => (out: Uint8Array) => out.slice(0, length));
  const rest = fc.tuple(fc.nat(bytes.length), fc.uint8Array({ maxLength: 64 })).map(
    ([length, tail]) =>
      (out: Uint8Array) =>
        Uint8Array.from([...out.slice(0, length), ...tail]),
  );
  const moved = fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length)).map(
    ([from, to]) =>
      (out: Uint8Array) =>
        Uint8Array.from([...out.slice(0, to), ...out.slice(from)]),
  );
  const inPlace = fc.array(fc.oneof(word, byte), { minLength: 1, maxLength: 3 });
  const last = fc.oneof({ weight: 6, arbitrary: fc.constant((out: Uint8Array) => out) }, cut, rest, moved);
  return fc.tuple(inPlace, last).map(([steps, end]) => end(steps.reduce<Uint8Array>((out, step: Change) => step(out), bytes.slice())));
}

/** A proof with a valid beginning and random words after it. */
export function validPrefix(proof: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      fc.nat(proof.length / 4),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 0x7ffffffe }), anyBadWord), { maxLength: proof.length / 4 }),
    )
    .map(([kept, words]) => {
      const out = new Uint8Array(4 * (kept + words.length));
      out.set(proof.slice(0, 4 * kept));
      words.forEach((value, i) => {
        new DataView(out.buffer).setUint32(4 * (kept + i), value, true);
      });
      return out;
    });
}

/** Whether the bytes are no key, or a key with one encoding that is planned or refused, each with the errors that are documented. */
export function decodesSafely(bytes: Uint8Array): boolean {
  try {
    const key = decodeKey(bytes);
    if (encodeKey(key).some((byte, i) => byte !== bytes[i])) return false;
    planKey(key);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ModelError || error instanceof RangeError)
      return !(error instanceof RangeError) || /^Cannot use/.test(error.message);
    throw error;
  }
  return true;
}

/** The key with one or two of its numbers changed, to values near them or bad ones. Not every such key can be encoded. */
export function mutatedKey(key: VerifyingKey): fc.Arbitrary<VerifyingKey> {
  const places = numbersIn(key, []);
  const change = fc.tuple(
    fc.constantFrom(...places),
    fc.oneof(
      fc.constantFrom(-2, -1, 1, 2),
      anyBadWord.map((w) => ({ word: w })),
    ),
  );
  return fc.array(change, { minLength: 1, maxLength: 2 }).map((changes) => {
    const copy = structuredClone(key);
    for (const [place, by] of changes) {
      const holder = place.slice(0, -1).reduce((node: Node, name) => node[name] as Node, copy as unknown as Node);
      const last = place.at(-1)!;
      holder[last] = typeof by === "number" ? (holder[last] as number) + by : by.word;
    }
    return copy;
  });
}

type Node = Record<string, unknown>;

function numbersIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value === "number") return [path];
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, [...path, name]))
    : [];
}

/** What becomes of a proof whose header is made to name another key than its own: rejected with a VerifyError, unless the key itself is refused. */
export function outcomeUnder(key: VerifyingKey, proof: Uint8Array): "refused" | "rejected" | "accepted" {
  let patched: Uint8Array;
  try {
    patched = encodeProof({ ...decodeProof(proof), key: keyDigest(key) });
    planKey(key);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ModelError || (error instanceof RangeError && /^Cannot/.test(error.message)))
      return "refused";
    throw error;
  }
  try {
    verify(key, patched, { minBits: 0 });
  } catch (error) {
    if (error instanceof VerifyError) return "rejected";
    throw error;
  }
  return "accepted";
}

/** Whether the bytes are rejected with a VerifyError; anything else is thrown on, and acceptance of anything but the proof itself is false. */
export function rejectsSafely(key: VerifyingKey, proof: Uint8Array, bytes: Uint8Array): boolean {
  try {
    verify(key, bytes, { minBits: 0 });
  } catch (error) {
    if (error instanceof VerifyError) return true;
    throw error;
  }
  return bytes.length === proof.length && bytes.every((byte, i) => byte === proof[i]);
}
