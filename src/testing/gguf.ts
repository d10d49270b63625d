/** The small random decoder as a GGUF file, with a tokenizer of letters. */
import { InternalError } from "../errors.ts";
import type { Transformer } from "../model/transformer/model.ts";
import type { FloatTensor } from "../tensor/tensor.ts";
import { smallDecoder } from "./decoder.ts";

/** Types of metadata values in the file. */
const [INTEGER, FLOAT, TEXT, LIST] = [4, 6, 8, 9];
const ALIGNMENT = 32;
type Value = { readonly type: number; readonly value: number | string | readonly (number | string)[]; readonly item?: number };

/** Bytes of a GGUF file, version 3, with tensors of 32-bit floats. */
export function ggufBytes(metadata: Readonly<Record<string, Value>>, tensors: Readonly<Record<string, FloatTensor>>): Uint8Array {
  const parts: number[] = [];
  const bytes = (size: number, write: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    parts.push(...new Uint8Array(view.buffer));
  };
  const u32 = (v: number) => bytes(4, (view) => view.setUint32(0, v, true));
  const u64 = (v: number) => bytes(8, (view) => view.setBigUint64(0, BigInt(v), true));
  const text = (v: string) => {
    const encoded = new TextEncoder().encode(v);
    u64(encoded.length);
    parts.push(...encoded);
  };
  const one = (type: number, v: number | string) => {
    if (typeof v === "string") text(v);
    else if (type === FLOAT) bytes(4, (view) => view.setFloat32(0, v, true));
    else u32(v);
  };
  u32(0x46554747);
  u32(3);
  u64(Object.keys(tensors).length);
  u64(Object.keys(metadata).length);
  for (const [key, { type, value, item = TEXT }] of Object.entries(metadata)) {
    text(key);
    u32(type);
    if (typeof value === "object") {
      u32(item);
      u64(value.length);
      for (const v of value) one(item, v);
    } else one(type, value);
  }
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    text(name);
    u32(shape.length);
    for (const size of [...shape].reverse()) u64(size);
    u32(0);
    u64(offset);
    offset += Math.ceil((4 * data.length) / ALIGNMENT) * ALIGNMENT;
  }
  const pad = () => {
    while (parts.length % ALIGNMENT !== 0) parts.push(0);
  };
  for (const { data } of Object.values(tensors)) {
    pad();
    for (const v of data) one(FLOAT, v);
  }
  pad();
  return Uint8Array.from(parts);
}

/** The small decoder's file: pieces are a control piece each for unknown, begin and end, then a space and letters from a on. */
export function smallGguf(model: Transformer = smallDecoder()): Uint8Array {
  const { config } = model;
  const integer = (value: number): Value => ({ type: INTEGER, value });
  const letters = Array.from({ length: config.vocabulary - 4 }, (_, i) => String.fromCharCode(97 + i));
  const pieces = ["<unk>", "<s>", "</s>", "\u2581", ...letters];
  const tensors: Record<string, FloatTensor> = {
    "token_embd.weight": model.embedding,
    "output_norm.weight": model.norms.at(-1)!.gain,
    "output.weight": model.head!.weight,
  };
  if (config.positions.kind !== "rotary") throw new InternalError("a LLaMA has rotary positions");
  model.layers.forEach((layer, l) => {
    const named = {
      attn_norm: model.norms[2 * l]!.gain,
      attn_q: layer.query.weight,
      attn_k: layer.key.weight,
      attn_v: layer.value.weight,
      attn_output: layer.output.weight,
      ffn_norm: model.norms[2 * l + 1]!.gain,
      ffn_gate: layer.gate.weight,
      ffn_up: layer.up!.weight,
      ffn_down: layer.down.weight,
    };
    for (const [name, tensor] of Object.entries(named)) tensors[`blk.${l}.${name}.weight`] = tensor;
  });
  return ggufBytes(
    {
      "general.architecture": { type: TEXT, value: "llama" },
      "llama.block_count": integer(config.layers),
      "llama.embedding_length": integer(config.width),
      "llama.attention.head_count": integer(config.heads),
      "llama.attention.head_count_kv": integer(config.keyHeads),
      "llama.feed_forward_length": integer(config.hidden),
      "llama.attention.layer_norm_rms_epsilon": { type: FLOAT, value: config.epsilon },
      "llama.rope.freq_base": { type: FLOAT, value: config.positions.theta },
      "llama.context_length": integer(config.context),
      "tokenizer.ggml.model": { type: TEXT, value: "llama" },
      "tokenizer.ggml.tokens": { type: LIST, value: pieces },
      "tokenizer.ggml.scores": { type: LIST, item: FLOAT, value: pieces.map((_, i) => -i) },
      "tokenizer.ggml.token_type": { type: LIST, item: INTEGER, value: pieces.map((_, i) => (i < 3 ? 3 : 1)) },
      "tokenizer.ggml.bos_token_id": integer(1),
      "tokenizer.ggml.eos_token_id": integer(2),
    },
    tensors,
  );
}
