/** Tiny random transformers of every architecture, as folders, with what another implementation computes (fixtures/make-transformers.py). */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readFolder } from "../model/huggingface/folder.ts";
import { memorySource } from "../model/source.ts";
import type { Transformer } from "../model/transformer/model.ts";

export const KNOWN = ["llama", "llama3", "qwen2", "qwen3", "gpt2", "bert"] as const;

export interface KnownTransformer {
  readonly model: Transformer;
  readonly tokens: readonly number[];
  /** After every token, 7 digits. */
  readonly logits?: readonly (readonly number[])[];
  readonly embedding?: readonly number[];
}

export function knownTransformer(name: (typeof KNOWN)[number]): KnownTransformer {
  const path = (file: string) => fileURLToPath(new URL(`fixtures/transformers/${name}/${file}`, import.meta.url));
  const files = new Set(["config.json", "model.safetensors"]);
  const model = readFolder((file) => (files.has(file) ? memorySource(new Uint8Array(readFileSync(path(file)))) : null));
  return { model, ...JSON.parse(readFileSync(path("expected.json"), "utf8")) };
}
