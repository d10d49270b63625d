/**
 * Whole runs of other models in every architecture, each consistent in itself to its last limb, claimed to be runs of the committed one: what a proof is about is
 * exactly that model's biases, positions, gains, means, mask and steps.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { embeddingBytes } from "../../statement/embedding.ts";
import { tokenBytes, tokenColumns } from "../../statement/tokens.ts";
import { ARCHITECTURES, FEW_BITS, growingProgram, outlierProgram, SMALL, smallProgram } from "../../testing/decoder.ts";
import { decoderCase } from "../../testing/decoder-proof.ts";
import { encoderCase } from "../../testing/encoder-proof.ts";
import { cheatingWitness } from "../../testing/malicious.ts";
import { prove, type ToyCase, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { sumOf } from "./compile.ts";
import { largest } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import { traceNames } from "./layout.ts";
import type { IntegerMatrix, Skip, TransformerProgram } from "./program.ts";

const PROMPT = [1, 8, 15];
const COUNT = 3;
const POSITIONS = 6;

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend();
});
afterAll(() => backend.close());

const small = (name: string): TransformerProgram => {
  const { config, biases } = ARCHITECTURES[name]!;
  return smallProgram(config, FEW_BITS, biases);
};
const shifted = (values: Int32Array, by: number) => values.map((_, k) => values[(k + by) % values.length]!);
const raisedBy = (values: Int32Array, by: number) => values.map((v) => v + by);
/** Another program: one of its parts, by a name in which a dot is followed by a part of that part, is changed. */
const withPart = (program: TransformerProgram, path: string, change: (values: Int32Array) => Int32Array): TransformerProgram => {
  const changed = (of: object, [name, ...rest]: readonly string[]): object => {
    const own = (of as Record<string, object>)[name!];
    if (own === undefined) throw new Error(`There is no ${path}`);
    return { ...of, [name!]: rest.length > 0 ? changed(own, rest) : change(own as Int32Array) };
  };
  return changed(program, path.split(".")) as TransformerProgram;
};
const layersExchanged = (program: TransformerProgram): TransformerProgram => {
  const exchanged = (values: Int32Array | undefined) => {
    const size = values ? values.length / SMALL.layers : 0;
    return values?.map((_, k) => values[k < size ? k + size : k < 2 * size ? k - size : k]!);
  };
  const matrix = (of: IntegerMatrix) => ({ ...of, weight: exchanged(of.weight)!, ...(of.bias && { bias: exchanged(of.bias)! }) });
  const skip = (of: Skip) => ({ gain: exchanged(of.gain)!, mean: exchanged(of.mean)! });
  const { query, key, value, output, gate, up, down, headNorms, skips } = program;
  const norm = (of: NonNullable<typeof headNorms>["query"]) => ({ ...of, gain: exchanged(of.gain)!, epsilon: exchanged(of.epsilon)! });
  return {
    ...program,
    query: matrix(query),
    key: matrix(key),
    value: matrix(value),
    output: matrix(output),
    gate: matrix(gate),
    ...(up && { up: matrix(up) }),
    down: matrix(down),
    ...(headNorms && { headNorms: { query: norm(headNorms.query), key: norm(headNorms.key) } }),
    ...(skips && { skips: { output: skip(skips.output), down: skip(skips.down) } }),
  };
};

/** The cheap case of a decoder, and what becomes of another decoder's whole run, with the tokens that that one prefers. */
async function decoders(program: TransformerProgram) {
  const full = await decoderCase(backend, PROMPT, COUNT, POSITIONS, program);
  const made = { ...full, ...(await withoutWork(full)) };
  return async (other: TransformerProgram) => {
    const decoder = new IntegerTransformer(other, POSITIONS);
    const logits = decoder.read(PROMPT);
    const generated = [largest(logits.at(-1)!)];
    while (generated.length < COUNT) {
      logits.push(decoder.step(generated.at(-1)!));
      generated.push(largest(logits.at(-1)!));
    }
    const cells = tokenColumns(made.compiled.input, { prompt: PROMPT, generated });
    logits.push(...decoder.read([...cells.tokens.subarray(logits.length)]));
    return told(made, decoder.finish([...cells.next], logits), other, tokenBytes({ prompt: PROMPT, generated }));
  };
}

/** That of an encoder; the other one sees `seen` tokens and its statement is about the sum of the first `added`. */
async function encoders(program: TransformerProgram) {
  const full = await encoderCase(backend, program, PROMPT, POSITIONS);
  const made = { ...full, ...(await withoutWork(full)) };
  return async (other: TransformerProgram, { seen = PROMPT.length, added = PROMPT.length, text = PROMPT } = {}) => {
    const encoder = new IntegerTransformer(other, POSITIONS);
    const rows = encoder.read(
      Array.from({ length: POSITIONS }, (_, i) => text[i % text.length]!),
      seen,
    );
    const cells = sumOf(rows.slice(0, added), SMALL.width);
    return told(made, encoder.finish(), other, embeddingBytes({ tokens: text, cells }), text.length);
  };
}

async function told(made: ToyCase, trace: IntegerTransformer["trace"], { config }: TransformerProgram, input: Uint8Array, output = COUNT) {
  const changes = Object.fromEntries(traceNames(config).map((name) => [name, () => [...trace[name]]]));
  return rejectionOf(made.key, await prove(made, { witness: cheatingWitness(made, changes), input, output, backend }));
}

type Change = readonly [what: string, change: (program: TransformerProgram) => TransformerProgram];

const DECODERS: readonly (readonly [string, () => TransformerProgram, readonly Change[]])[] = [
  [
    "qwen2",
    () => small("qwen2"),
    [
      ...["query", "key", "value", "output", "gate", "down"].map(
        (name): Change => [
          `another ${name} bias`,
          (p) => withPart(p, `${name}.bias`, (b) => raisedBy(b, 2 ** (p[name as "query"].shift - 1))),
        ],
      ),
      ["two layers exchanged", layersExchanged],
    ],
  ],
  [
    "qwen3",
    () => small("qwen3"),
    [
      ["another gain of queries", (p) => withPart(p, "headNorms.query.gain", (g) => shifted(g, 1))],
      ["another gain of keys", (p) => withPart(p, "headNorms.key.gain", (g) => raisedBy(g, 50))],
      ["another epsilon of queries", (p) => withPart(p, "headNorms.query.epsilon", (e) => raisedBy(e, 10 ** 6))],
      ["another epsilon of keys", (p) => withPart(p, "headNorms.key.epsilon", (e) => e.with(0, e[0]! + 1))],
      ["two layers exchanged", layersExchanged],
    ],
  ],
  [
    "gpt2",
    () => small("gpt2"),
    [
      ["positions one further", (p) => withPart(p, "positionEmbedding", (e) => shifted(e, SMALL.width))],
      ["another bias of the head", (p) => withPart(p, "headBias", (b) => b.with(3, b[3]! + 1))],
      ["another bias of the gate", (p) => withPart(p, "gate.bias", (b) => raisedBy(b, 2 ** (p.gate.shift - 1)))],
      ["two layers exchanged", layersExchanged],
    ],
  ],
  [
    "a growing stream",
    growingProgram,
    [
      ["steps that become coarser at another place", (p) => withPart(p, "streamFactors.output", (f) => f.map((v) => v / 2))],
      ["factors of two layers exchanged", (p) => withPart(p, "streamFactors.output", (f) => shifted(f, 1))],
      ["a factor that is one less", (p) => withPart(p, "streamFactors.down", (f) => f.with(1, f[1]! - 1))],
      ["another epsilon of one site", (p) => withPart(p, "epsilons", (e) => e.with(4, e[4]! + 1))],
    ],
  ],
  [
    "a stream with outliers",
    () => outlierProgram({ ...SMALL, width: 64 }),
    [
      ["another weight of the outlier", (p) => withPart(p, "channelSquares", (w) => w.map((v) => (v > 1 ? v - 1 : v)))],
      ["another weight of one of the others", (p) => withPart(p, "channelSquares", (w) => w.map((v, c) => (c === 0 ? v + 1 : v)))],
    ],
  ],
];

describe.each(DECODERS)("%s", (_, programOf, changes) => {
  let run: Awaited<ReturnType<typeof decoders>>;
  let program: TransformerProgram;
  beforeAll(async () => {
    program = programOf();
    run = await decoders(program);
  });

  test("a run of the model itself, told as another's would be, is accepted", async () => {
    expect(await run(program)).toBeNull();
  });

  test.each(changes)("a run under %s is rejected", async (__, change) => {
    expect(await run(change(program))).toBe("constraint/final");
  });
});

describe("bert", () => {
  let run: Awaited<ReturnType<typeof encoders>>;
  const program = small("bert");
  beforeAll(async () => {
    run = await encoders(program);
  });

  test.each([[PROMPT], [[4]], [[2, 3, 5, 7, 11, 13]], [[9, 9, 9, 9, 9]]])("a run of the model itself on %j is accepted", async (text) => {
    expect(await run(program, { text, seen: text.length, added: text.length })).toBeNull();
  });

  test.each<Change>([
    ["another bias of the values", (p) => withPart(p, "value.bias", (b) => raisedBy(b, 2 ** (p.value.shift - 1)))],
    ["another gain of the stream", (p) => withPart(p, "skips.output.gain", (g) => raisedBy(g, 64))],
    ["another mean of the stream", (p) => withPart(p, "skips.down.mean", (m) => raisedBy(m, 64))],
    ["another final gain", (p) => withPart(p, "final.gain", (g) => raisedBy(g, 1))],
    ["another final bias", (p) => withPart(p, "final.bias", (b) => raisedBy(b, 2 ** p.final!.shift))],
    ["positions one further", (p) => withPart(p, "positionEmbedding", (e) => shifted(e, SMALL.width))],
    ["a mask that hides later tokens", (p) => ({ ...p, config: { ...p.config, attention: "causal" } })],
    ["two layers exchanged", layersExchanged],
  ])("a run under %s is rejected", async (_, change) => {
    expect(await run(change(program))).toBe("constraint/final");
  });

  test("a run that sees a position that is left over, or not all tokens, is rejected", async () => {
    for (const seen of [2, 4, POSITIONS]) expect(await run(program, { seen })).toBe("constraint/final");
  });

  test("a sum over positions that are left over, or not over all tokens, is rejected", async () => {
    for (const added of [0, 2, 4, POSITIONS]) expect(await run(program, { added })).toBe("constraint/final");
  });

  test("the same run told of a text of another length is rejected", async () => {
    // position 3 reads the first token again either way
    const repeated = [...PROMPT, PROMPT[0]!];
    expect(await run(program, { text: repeated, seen: 3, added: 3 })).toBe("constraint/final");
    expect(await run(program, { text: repeated, seen: 4, added: 4 })).toBeNull();
  });
});
