/** Proofs of embeddings: what they show, for which texts, and what is rejected. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "./backend/backend.ts";
import { cpuBackend } from "./backend/cpu/index.ts";
import { referenceBackend } from "./backend/reference/index.ts";
import { commitDecoder, runDecoder, runDecoderOn } from "./decoder.ts";
import { planSegments } from "./decoder-segments.ts";
import { commitEncoder, type EncoderKey, type ProvenEmbedding, proveEmbedding, runEncoder } from "./encoder.ts";
import { ModelError } from "./errors.ts";
import { embeddingBytes } from "./statement/embedding.ts";
import { ARCHITECTURES, FEW_BITS, smallProgram } from "./testing/decoder.ts";
import { type EncoderCase, encoderCase } from "./testing/encoder-proof.ts";
import { prove, withoutWork } from "./testing/toy-proof.ts";
import { rejectionOf } from "./testing/walker.ts";
import { verify } from "./verify.ts";

const TEXT = [1, 8, 15, 3];
const POSITIONS = 6;
const { config, biases } = ARCHITECTURES.bert!;
const encoder = { name: "small encoder", program: smallProgram(config, FEW_BITS, biases) };
const decoder = { name: "small decoder", program: smallProgram() };

let backend: Backend;
let key: EncoderKey;
let made: ProvenEmbedding;
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
  key = await commitEncoder(encoder, POSITIONS, { backend });
  made = await proveEmbedding(key, TEXT, { backend, check: true });
}, 60_000);
afterAll(() => backend.close());

describe("a proof of an embedding", () => {
  test("shows the text's tokens and the cells that the model gives without a proof", () => {
    const { embedding, tokens, output, modelId, modelName, bits } = verify(key.verifying, made.proof);
    expect(embedding).toEqual(made.statement);
    expect(embedding).toEqual(runEncoder(encoder, TEXT));
    expect([tokens, output.index, modelId, modelName]).toEqual([undefined, TEXT.length, key.id, encoder.name]);
    expect(embedding!.cells).toHaveLength(config.width);
    expect(bits).toBeGreaterThanOrEqual(100);
  });

  test("has the same bytes on the reference backend", async () => {
    const reference = referenceBackend();
    const other = await commitEncoder(encoder, POSITIONS, { backend: reference });
    expect((await proveEmbedding(other, TEXT, { backend: reference })).proof).toEqual(made.proof);
  }, 60_000);

  test.each([[[7]], [[22, 0]], [[5, 5, 5, 5, 5]], [[2, 4, 6, 8, 10, 12]]])("is made for the text %j under the same key", async (text) => {
    // positions that are left over change nothing: the embedding is that of the text alone
    const { proof } = await proveEmbedding(key, text, { backend });
    expect(verify(key.verifying, proof).embedding).toEqual(runEncoder(encoder, text));
  });

  test("is not made for texts that do not fit", async () => {
    const long = Array.from({ length: POSITIONS + 1 }, () => 1);
    await expect(proveEmbedding(key, long, { backend })).rejects.toThrow("A text of 7 tokens does not fit, there is room for 6");
    await expect(proveEmbedding(key, [], { backend })).rejects.toThrow(RangeError);
    for (const token of [23, -1, 0.5, Number.NaN]) {
      await expect(proveEmbedding(key, [1, token], { backend })).rejects.toThrow(`There is no token ${token}`);
      expect(() => runEncoder(encoder, [1, token])).toThrow(`There is no token ${token}`);
    }
    expect(() => runEncoder(encoder, [])).toThrow(RangeError);
    expect(() =>
      runEncoder(
        encoder,
        Array.from({ length: config.context + 1 }, () => 1),
      ),
    ).toThrow("it can take 1 to 64");
    await expect(commitEncoder(encoder, config.context + 1, { backend })).rejects.toThrow("it can take 1 to 64");
  });

  test("stops when it is told to", async () => {
    const control = new AbortController();
    control.abort(new Error("enough"));
    await expect(proveEmbedding(key, TEXT, { backend, signal: control.signal })).rejects.toThrow("enough");
  });

  test("is of another model under another number of positions or with another weight", async () => {
    const longer = await commitEncoder(encoder, POSITIONS + 1, { backend });
    const bias = encoder.program.down.bias!.slice();
    bias[0] = bias[0]! + 1;
    const changed = { ...encoder, program: { ...encoder.program, down: { ...encoder.program.down, bias } } };
    const other = await commitEncoder(changed, POSITIONS, { backend });
    for (const { verifying, id } of [longer, other]) {
      expect(id).not.toBe(key.id);
      expect(rejectionOf(verifying, made.proof)).toBe("statement/key");
    }
  });
});

describe("is rejected:", () => {
  let honest: EncoderCase;
  beforeAll(async () => {
    const full = await encoderCase(backend, encoder.program, TEXT, POSITIONS);
    honest = { ...full, ...(await withoutWork(full)) };
  });
  /** The code that a proof with the honest witness gets for another statement. */
  const claimed = async (input: Uint8Array, output = TEXT.length) =>
    rejectionOf(honest.key, await prove(honest, { input, output, backend }));
  const REJECTED: readonly unknown[] = ["constraint/final", "lookup/root"];

  test("another text, one token longer or shorter, and another order", async () => {
    const { cells } = honest.statement;
    expect(await claimed(honest.input)).toBeNull();
    for (const tokens of [
      [1, 8, 15, 4],
      [8, 1, 15, 3],
      [1, 8, 15],
      [1, 8, 15, 3, 1],
    ])
      expect(REJECTED, `${tokens}`).toContain(await claimed(embeddingBytes({ tokens, cells }), tokens.length));
  });

  test("a cell that is one more or less, two that are exchanged, and all zero", async () => {
    const { tokens, cells } = honest.statement;
    for (const c of [0, config.width - 1])
      for (const by of [1, -1]) expect(REJECTED).toContain(await claimed(embeddingBytes({ tokens, cells: cells.with(c, cells[c]! + by) })));
    const [a, b] = [cells[0]!, cells[1]!];
    expect(a).not.toBe(b);
    expect(REJECTED).toContain(await claimed(embeddingBytes({ tokens, cells: cells.with(0, b).with(1, a) })));
    expect(REJECTED).toContain(await claimed(embeddingBytes({ tokens, cells: cells.map(() => 0) })));
  });

  test("a finished proof with another token, cell or number of tokens in its header", () => {
    const shown = (word: number, value: (old: number) => number) => {
      const bytes = made.proof.slice();
      const view = new DataView(bytes.buffer);
      view.setUint32(4 * word, value(view.getUint32(4 * word, true)) >>> 0, true);
      return rejectionOf(key.verifying, bytes);
    };
    const view = new DataView(made.proof.buffer, made.proof.byteOffset);
    const first = Array.from({ length: 20 }, (_, w) => w).find((w) => TEXT.every((t, i) => view.getUint32(4 * (w + i), true) === t))!;
    expect(shown(first + 1, () => 9)).not.toBeNull();
    expect(shown(first, () => config.vocabulary)).toBe("statement/input");
    for (const by of [1, -1]) expect(shown(first + TEXT.length, (v) => v + by)).not.toBeNull();
    expect(shown(first + TEXT.length, () => 2 ** 31 - 1)).toBe("statement/input");
    for (const count of [0, 3, 5, 2 ** 31]) expect(shown(first - 1, () => count)).not.toBeNull();
    expect(shown(first + TEXT.length, (v) => v)).toBeNull();
  });
});

describe("an encoder is no decoder", () => {
  test("and the other way round", async () => {
    await expect(commitDecoder(encoder, POSITIONS, { backend })).rejects.toThrow(ModelError);
    await expect(commitEncoder(decoder, POSITIONS, { backend })).rejects.toThrow(ModelError);
    expect(() => runDecoder(encoder, TEXT, 2)).toThrow("small decoder is an encoder: it has no tokens that follow");
    await expect(runDecoderOn(encoder, TEXT, 2, { backend })).rejects.toThrow("is an encoder");
    expect(() => runEncoder(decoder, TEXT)).toThrow("small decoder is a decoder: it has no embeddings");
    expect(() => planSegments(encoder, POSITIONS, 2)).toThrow("small encoder is an encoder: segments are for decoders");
  });
});
