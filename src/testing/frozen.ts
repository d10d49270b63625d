/**
 * What a format version has fixed: keys and proofs of the toys and of a decoder, and the order, tags and lengths of everything their transcripts absorb, send and draw. Tests
 * compare with the files; `tsx src/testing/frozen.ts` writes them anew, which is a new format version or an error.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { referenceBackend } from "../backend/reference/index.ts";
import { encodeKey, type VerifyingKey } from "../proof/key.ts";
import { encodeSegmentedKey } from "../segments/key.ts";
import { encodeSegments } from "../segments/proof.ts";
import { tagName } from "../transcript/tags.ts";
import { verifyPart } from "../verifier/verify.ts";
import { SMALL, smallProgram } from "./decoder.ts";
import { decoderCase } from "./decoder-proof.ts";
import { prove, type ToyCase, toyCase, WIDE_PARAMETERS, wideCase, withParameters } from "./toy-proof.ts";
import { type SegmentedCase, segmentedCase } from "./toy-segments.ts";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const INVENTORY = path("transcript.inventory.txt");

/** One layer with two query heads on a key head, and parameters for a small file. */
async function tinyDecoder(): Promise<ToyCase> {
  const config = { ...SMALL, layers: 1, width: 8, heads: 2, keyHeads: 1, hidden: 6, vocabulary: 11 };
  const made = await decoderCase(referenceBackend(), [1, 5], 2, 4, smallProgram(config));
  const grinding = { lookup: 3, fold: 2, query: 4 };
  return withParameters(made, { ...made.key.parameters, rowBits: 9, blowup: 1, folds: [2, 2], finalBits: 5, queries: 5, grinding });
}

/** The frozen cases by the name of their files. */
export const FROZEN: Readonly<Record<string, () => Promise<ToyCase>>> = {
  "toy-v1": () => toyCase(),
  "wide-v1": () => wideCase(),
};
/** Cases whose key a later compiler may make otherwise: what was proven has to stay accepted. */
export const ACCEPTED: Readonly<Record<string, () => Promise<ToyCase>>> = { "decoder-v1": tinyDecoder };

/** Segmented keys and proofs. */
export const SEGMENTED: Readonly<Record<string, () => Promise<SegmentedCase>>> = {
  "segments-v1": () => segmentedCase({ parameters: { ...WIDE_PARAMETERS, queries: 3 } }),
};

/** The proof of all segments of a case. */
export async function proveAll({ parts }: SegmentedCase): Promise<Uint8Array> {
  return encodeSegments(await Promise.all(parts.map((part) => prove(part))));
}

export const frozenKey = (name: string): Uint8Array => new Uint8Array(readFileSync(path(`fixtures/${name}.vk`)));
export const frozenProof = (name: string): Uint8Array => new Uint8Array(readFileSync(path(`fixtures/${name}.proof`)));
export const frozenInventory = (): string => readFileSync(INVENTORY, "utf8");

/** One line a step: what happened, the message's name and its words; equal steps in a row are one line. */
export function inventoryOf(name: string, key: VerifyingKey, proof: Uint8Array): string {
  const lines: { text: string; times: number }[] = [];
  verifyPart(key, proof, {
    minBits: Number.NEGATIVE_INFINITY,
    observer: (kind, tag, count) => {
      const text = `${kind}${kind === "draw" || kind === "read" ? "" : ` ${tagName(tag)}`} ${count}${kind === "grind" ? " bits" : ""}`;
      const last = lines.at(-1);
      if (last?.text === text) last.times++;
      else lines.push({ text, times: 1 });
    },
  });
  return [`# ${name}`, ...lines.map(({ text, times }) => (times > 1 ? `${text} x ${times}` : text)), ""].join("\n");
}

async function freeze(): Promise<void> {
  mkdirSync(path("fixtures"), { recursive: true });
  const inventories: string[] = [];
  for (const [name, make] of Object.entries({ ...FROZEN, ...ACCEPTED })) {
    const made = await make();
    const proof = await prove(made);
    writeFileSync(path(`fixtures/${name}.vk`), encodeKey(made.key));
    writeFileSync(path(`fixtures/${name}.proof`), proof);
    inventories.push(inventoryOf(name, made.key, proof));
  }
  for (const [name, make] of Object.entries(SEGMENTED)) {
    const made = await make();
    writeFileSync(path(`fixtures/${name}.vk`), encodeSegmentedKey(made.key));
    writeFileSync(path(`fixtures/${name}.proof`), await proveAll(made));
  }
  writeFileSync(INVENTORY, inventories.join("\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await freeze();
