/** Every architecture in small: its integers are close to its floats, its constraints hold, and every other witness is rejected. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { checkNoWrap, checkRanges } from "../../system/bounds.ts";
import { firstViolation } from "../../testing/check-system.ts";
import { ARCHITECTURES, FEW_BITS, growingProgram, smallDecoder, smallProgram } from "../../testing/decoder.ts";
import { decoderCase } from "../../testing/decoder-proof.ts";
import { encoderCase } from "../../testing/encoder-proof.ts";
import { type Changes, cheatingWitness } from "../../testing/malicious.ts";
import { columnNamed, prove, type ToyCase, withoutWork } from "../../testing/toy-proof.ts";
import { rejectionOf } from "../../testing/walker.ts";
import { verify } from "../../verifier/verify.ts";
import { compareDecoders, compareEncoders } from "./accuracy.ts";
import { calibrate } from "./calibrate.ts";
import { compileDecoder, compileEncoder } from "./compile.ts";
import { FloatTransformer } from "./float.ts";
import { IntegerTransformer } from "./integer.ts";
import { type TraceName, traceNames } from "./layout.ts";
import { quantizeTransformer } from "./quantize.ts";

const POSITIONS = 6;
const PROMPT = [1, 8, 15];
const TOKENS = Array.from({ length: 40 }, (_, i) => (7 * i + 1) % 23);
const REJECTED: readonly unknown[] = ["constraint/final", "lookup/root"];

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend();
});
afterAll(() => backend.close());

describe.each(Object.entries(ARCHITECTURES))("%s", (_, { config, biases }) => {
  const isEncoder = config.output === "mean";
  const program = smallProgram(config, FEW_BITS, biases);
  let made: ToyCase;
  beforeAll(async () => {
    const full = isEncoder
      ? await encoderCase(backend, program, PROMPT, POSITIONS)
      : await decoderCase(backend, PROMPT, 3, POSITIONS, program);
    verify(full.key, await prove(full, { backend }));
    made = await withoutWork(full);
  });

  test("its integers are close to its floats", () => {
    const float = smallDecoder(config, biases);
    const fine = quantizeTransformer(float, calibrate(float, [TOKENS]), "fine");
    if (isEncoder) {
      const { cosines } = compareEncoders(float, fine, [TOKENS, TOKENS.slice(0, 9), [3]]);
      for (const cosine of cosines) expect(cosine).toBeGreaterThan(0.9999);
    } else {
      const { equal, positions, perplexity } = compareDecoders(float, fine, "fixed", TOKENS);
      expect(positions - equal).toBeLessThanOrEqual(1);
      expect(Math.abs(perplexity.integer / perplexity.float - 1)).toBeLessThan(0.005);
    }
  });

  test("its constraints hold for its witness, and cannot wrap around", () => {
    const compiled = isEncoder ? compileEncoder(program, POSITIONS) : compileDecoder(program, POSITIONS);
    checkRanges(compiled.built.system);
    checkNoWrap(compiled.built.system, compiled.built.weights, compiled.built.lengths);
    const run = "next" in compiled ? compiled.run(PROMPT, 3) : compiled.run(PROMPT);
    expect(firstViolation(compiled.built, run.witness())).toBeNull();
  });

  test.each([1, 2])("its constraints hold over %i positions", async (positions) => {
    const compiled = isEncoder ? compileEncoder(program, positions) : compileDecoder(program, positions);
    checkNoWrap(compiled.built.system, compiled.built.weights, compiled.built.lengths);
    const run = "next" in compiled ? compiled.run([3], positions) : compiled.run([3]);
    expect(firstViolation(compiled.built, run.witness())).toBeNull();
    const full = isEncoder
      ? await encoderCase(backend, program, [3], positions)
      : await decoderCase(backend, [3], positions, positions, program);
    const cheap = await withoutWork(full);
    expect(await rejectionOf(cheap.key, await prove(cheap, { backend }))).toBeNull();
  });

  test("what proves a length does not rest on one: its constraints cannot wrap around by ranges alone", () => {
    const { system, weights } = made.toy.built;
    const isProof = /^(root|reciprocal|norm|limbs of|(query|key) norm|(mixed|feed) square)/;
    const constraints = system.constraints.filter(({ name }) => isProof.test(name));
    expect(constraints.length).toBeGreaterThan(15);
    expect(() => checkNoWrap({ ...system, constraints }, weights)).not.toThrow();
  });

  test("reading at once and step by step give the same integers", () => {
    if (isEncoder) return expect(() => new IntegerTransformer(program, 2).read([1, 2, 3])).toThrow(RangeError);
    const [whole, steps] = [new IntegerTransformer(program, POSITIONS), new IntegerTransformer(program, POSITIONS)];
    const tokens = TOKENS.slice(0, POSITIONS);
    expect(whole.read(tokens)).toEqual(tokens.map((token) => steps.step(token)));
    for (const name of traceNames(config)) expect(whole.trace[name]).toEqual(steps.trace[name]);
  });

  test("an honest proof is accepted", async () => {
    expect(await rejectionOf(made.key, await prove(made, { backend }))).toBeNull();
  });

  const outcome = async (changes: Changes) =>
    rejectionOf(made.key, await prove(made, { witness: cheatingWitness(made, changes), backend }));

  test.each(traceNames(config))("another value of %s is rejected", async (name: TraceName) => {
    const count = made.witness.get(columnNamed(made, name))!.length;
    // values of positions that are left over are free where nothing reads them: one of the first position is taken
    const index = name === "logitMax" || name.startsWith("margin") ? 2 * (count / POSITIONS) : name.startsWith("score") ? 0 : count - 1;
    for (const by of [1, -1]) expect(REJECTED).toContain(await outcome({ [name]: (v) => v.with(index, v[index]! + by) }));
  });
});

describe("a residual stream that grows", () => {
  test("is counted in coarser steps, and its constraints hold", async () => {
    const growing = growingProgram();
    expect(growing.streamFactors).toBeDefined();
    const made = await decoderCase(backend, PROMPT, 3, POSITIONS, growing);
    checkNoWrap(made.compiled.built.system, made.compiled.built.weights, made.compiled.built.lengths);
    expect(firstViolation(made.compiled.built, made.witness)).toBeNull();
    const cheap = await withoutWork(made);
    for (const name of ["stateLow", "outputRest", "downRest", "rootLow"]) {
      const changes: Changes = { [name]: (v) => v.with(v.length - 1, v.at(-1)! ^ 1) };
      expect(REJECTED).toContain(await rejectionOf(cheap.key, await prove(cheap, { witness: cheatingWitness(cheap, changes), backend })));
    }
  });
});

describe("a cheating prover is rejected", () => {
  test.each(["query", "key"] as const)("with another normalised %s whose rests make up for it", async (name) => {
    const { config, biases } = ARCHITECTURES.qwen3!;
    const made = await withoutWork(await decoderCase(backend, PROMPT, 3, POSITIONS, smallProgram(config, FEW_BITS, biases)));
    const values = (of: string) => made.witness.get(columnNamed(made, of))!;
    const n = values(`${name}Root`)[0]!;
    for (const by of [1, -1]) {
      const changes: Changes = {
        [`${name}Normed`]: (v) => v.with(0, v[0]! + by),
        [`${name}NormRest`]: (v) => v.with(0, v[0]! - 2 * by * n),
        [`${name}NormSlack`]: (v) => v.with(0, v[0]! + 2 * by * n),
      };
      expect(REJECTED).toContain(await rejectionOf(made.key, await prove(made, { witness: cheatingWitness(made, changes), backend })));
    }
    const root: Changes = {
      [`${name}Root`]: (v) => v.with(0, n - 1),
      [`${name}RootRest`]: (v) => v.with(0, v[0]! + 2 * n - 1),
      [`${name}RootSlack`]: (v) => v.with(0, v[0]! - 2 * n - 1),
    };
    expect(REJECTED).toContain(await rejectionOf(made.key, await prove(made, { witness: cheatingWitness(made, root), backend })));
  });
});

describe("float references", () => {
  test("an encoder sees later tokens, a decoder does not", () => {
    for (const [name, { config, biases }] of Object.entries(ARCHITECTURES)) {
      const float = smallDecoder(config, biases);
      const [a, b] = [new FloatTransformer(float).read([1, 2, 3]), new FloatTransformer(float).read([1, 2, 4])];
      expect(a[0]!.join() === b[0]!.join(), name).toBe(config.attention === "causal");
    }
  });
});
