/**
 * Every message is bound: with the recorded challenges a change that knows them passes, with the real transcript it is rejected. The first half is what makes the
 * second one a test of the transcript and of nothing else.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { type VerifyCode, VerifyError } from "../errors.ts";
import { P } from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import { poseidon2M31 as suite } from "../hash/poseidon2-m31.ts";
import { doubleX } from "../line/circle.ts";
import { xAt } from "../line/domain.ts";
import { missingNodes, rootOf } from "../merkle/tree.ts";
import { eqTable } from "../poly/eq.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { decodeProof, encodeProof } from "../proof/proof.ts";
import { recordingSuite, replayingSuite } from "../testing/replay.ts";
import { bytesOf, type Part, partsOf, wordsOf } from "../testing/tamper.ts";
import { columnNamed, prove, type ToyCase, toyCase, WIDE_PARAMETERS, wideCase, withoutWork, withParameters } from "../testing/toy-proof.ts";
import { segmentedCase } from "../testing/toy-segments.ts";
import { prepareKey, verifyPart } from "../verifier/verify.ts";

/** A proof in pieces, with what was drawn after each part. */
class Opened {
  readonly made: ToyCase;
  readonly words: number[];
  readonly parts: readonly Part[];
  readonly draws: readonly number[];
  /** Challenges drawn after part i and before part i + 1. */
  readonly after: readonly (readonly QM31[])[];

  constructor(made: ToyCase, proof: Uint8Array) {
    this.made = made;
    this.words = wordsOf(proof);
    this.parts = partsOf(made.key, proof);
    const recording = recordingSuite(suite);
    const counts: { readonly part: number; readonly words: number }[] = [];
    let part = this.parts.findIndex((p) => p.path === "header: input");
    const observer = (kind: string, _tag: number, count: number): void => {
      if (kind === "draw") counts.push({ part, words: count });
      else if (kind !== "absorb") part++;
    };
    verifyPart(made.key, proof, { minBits: 0, suite: recording.suite, observer });
    this.draws = recording.draws.slice(-counts.reduce((n, c) => n + c.words, 0)); // without those of the key digest
    const after: QM31[][] = this.parts.map(() => []);
    let next = 0;
    for (const { part: p, words } of counts) {
      for (let i = 0; i + 4 <= words; i += 4) after[p]!.push(this.draws.slice(next + i, next + i + 4) as unknown as QM31);
      next += words;
    }
    this.after = after;
  }

  index(path: string, nth = 0): number {
    const found = this.parts.flatMap((p, i) => (p.path === path ? [i] : []))[nth];
    if (found === undefined) throw new Error(`no part ${path} ${nth}`);
    return found;
  }

  element(part: number, i: number): QM31 {
    const start = this.parts[part]!.start + 4 * i;
    return this.words.slice(start, start + 4) as unknown as QM31;
  }

  /** The proof with elements of a part replaced. */
  with(part: number, elements: ReadonlyMap<number, QM31>): Uint8Array {
    const words = [...this.words];
    for (const [i, value] of elements) words.splice(this.parts[part]!.start + 4 * i, 4, ...value);
    return bytesOf(words);
  }
}

/** Passes with the recorded challenges, is rejected with the real ones. */
function expectBound(opened: Opened, forged: Uint8Array, codes: readonly VerifyCode[], key: VerifyingKey = opened.made.key): void {
  expect(wordsOf(forged)).not.toEqual(opened.words);
  verifyPart(key, forged, { minBits: 0, suite: replayingSuite(suite, opened.draws) });
  let code: VerifyCode | null = null;
  try {
    verifyPart(key, forged, { minBits: 0 });
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    code = error.code;
  }
  expect(codes).toContain(code);
}

const div = (a: QM31, b: QM31): QM31 => k.mul(a, k.inv(b));
const one = k.ONE;

let wide: Opened;
beforeAll(async () => {
  const made = await wideCase();
  wide = new Opened(made, await prove(made));
});

describe("the statement", () => {
  test("the raw input, even if its cells are the same", async () => {
    const toy = await withoutWork(await toyCase());
    const key: VerifyingKey = { ...toy.key, input: { kind: "ngrams", groups: [["a", "b", "c", "d", "e"]], exponent: 5 } };
    const text = (s: string) => new TextEncoder().encode(s);
    // one of four characters of " ab ": 8 in 32
    const cells = Int32Array.of(8, 8, 0, 0, 0);
    const other = await toyCase(cells);
    const made: ToyCase = { ...toy, key, input: text("ab"), output: other.output, witness: other.witness };
    const proof = await prove(made);
    const opened = new Opened(made, proof);
    expectBound(opened, encodeProof({ ...decodeProof(proof), input: text("1ab!") }), ["lookup/round"]);
  });

  test("the key", () => {
    const key = { ...wide.made.key, name: "another name" };
    const forged = encodeProof({ ...decodeProof(bytesOf(wide.words)), key: prepareKey(key).digest });
    expectBound(wide, forged, ["lookup/round", "grind/nonce"], key);
  });
});

describe("the look-ups", () => {
  test("a round", () => {
    const part = wide.index("lookup round");
    const [w] = wide.after[wide.index("lookup root")]!;
    const [r] = wide.after[part]!;
    // q(r) moves by e (1 - r - r (1-w)/w) with q(0), by f (r^2 - r) with the leading coefficient
    const e = k.sub(k.sub(one, r!), k.mul(r!, div(k.sub(one, w!), w!)));
    const f = k.mul(r!, k.sub(r!, one));
    expectBound(
      wide,
      wide.with(
        part,
        new Map([
          [0, k.add(wide.element(part, 0), f)],
          [1, k.sub(wide.element(part, 1), e)],
        ]),
      ),
      ["lookup/round"],
    );
  });

  test("a layer's values", () => {
    const part = wide.index("lookup values");
    const lambda = wide.after[wide.index("lookup root")]![1]!;
    const [mu] = wide.after[part]!;
    const [n0, n1, d0, d1] = [0, 1, 2, 3].map((i) => wide.element(part, i)) as [QM31, QM31, QM31, QM31];
    const p = (a: QM31, b: QM31, c: QM31, d: QM31) => k.add(k.add(k.mul(a, d), k.mul(b, c)), k.mul(lambda, k.mul(c, d)));
    // (mu, mu - 1) is bound to 0: added to both, N and D stay; the multiple of the first makes up for p
    const back = k.sub(mu!, one);
    const [d0b, d1b] = [k.add(d0, mu!), k.add(d1, back)];
    const a = div(k.sub(p(n0, n1, d0, d1), p(n0, n1, d0b, d1b)), k.add(k.mul(mu!, d1b), k.mul(back, d0b)));
    const values = [k.add(n0, k.mul(a, mu!)), k.add(n1, k.mul(a, back)), d0b, d1b];
    expectBound(wide, wide.with(part, new Map(values.entries())), ["lookup/round"]);
  });

  test("the evaluations", () => {
    const part = wide.index("lookup evaluations");
    const { evaluations } = prepareKey(wide.made.key).plan.lookups;
    const place = (name: string) => evaluations.findIndex((e) => e.column === columnNamed(wide.made, name));
    const beta = wide.after[wide.index("nonce")]![1]!;
    const delta = wide.after[wide.index("leaf evaluations")]![0]!;
    // errors -beta, 1 leave a fingerprint as it is; two of them leave the sum of claims as it is
    const moved = (a: string, b: string) => k.sub(k.pow(delta, place(b)), k.mul(beta, k.pow(delta, place(a))));
    const factor = k.neg(div(moved("conv", "g"), moved("q", "y")));
    const change = (name: string, by: QM31): [number, QM31] => [place(name), k.add(wide.element(part, place(name)), by)];
    const changes = [change("conv", k.neg(beta)), change("g", one), change("q", k.neg(k.mul(factor, beta))), change("y", factor)];
    expectBound(wide, wide.with(part, new Map(changes)), ["constraint/final"]);
  });
});

describe("the constraints", () => {
  const claimOffset = () => prepareKey(wide.made.key).plan.lookups.evaluations.length;

  test("the evaluations before the rounds", () => {
    const part = wide.index("constant evaluations");
    const { constant } = prepareKey(wide.made.key).plan.constraints;
    const place = (name: string) => constant.findIndex((e) => e.column === columnNamed(wide.made, name));
    const number = (name: string) => wide.made.key.system.constraints.findIndex((c) => c.name === name);
    const gamma = wide.after[wide.index("lookup evaluations")]!.at(-1)!;
    const delta = wide.after[wide.index("leaf evaluations")]![0]!;
    // q, r and y enter the claim with -16 gamma^i, -gamma^i and gamma^j, and the sum of claims with powers of delta
    const product = k.pow(gamma, number("product"));
    const columns = ["q", "r", "y"].map(place);
    const a = [k.mul(k.fromInteger(-16), product), k.neg(product), k.pow(gamma, number("next state"))];
    const b = columns.map((i) => k.pow(delta, claimOffset() + i));
    const changes = crossProduct(a, b).map((by, i): [number, QM31] => [columns[i]!, k.add(wide.element(part, columns[i]!), by)]);
    expectBound(wide, wide.with(part, new Map(changes)), ["constraint/final"]);
  });

  test("a round", () => {
    const { degree } = prepareKey(wide.made.key).plan.constraints;
    const part = wide.index("constraint round", 1);
    const [r] = wide.after[part]!;
    const basis = Array.from({ length: degree + 1 }, (_, i) => {
      let value = one;
      for (let j = 0; j <= degree; j++) if (j !== i) value = k.mul(value, div(k.sub(r!, k.fromInteger(j)), k.fromInteger(i - j)));
      return value;
    });
    // p(0) moves p(1) the other way
    const e = k.sub(basis[0]!, basis[1]!);
    const changes = new Map([
      [0, k.add(wide.element(part, 0), basis[2]!)],
      [1, k.sub(wide.element(part, 1), e)],
    ]);
    expectBound(wide, wide.with(part, changes), ["constraint/final"]);
  });

  test("the evaluations after the rounds", () => {
    const part = wide.index("leaf evaluations");
    const { round, constant } = prepareKey(wide.made.key).plan.constraints;
    const [x, y] = ["g", "pick"].map((name) => round.findIndex((e) => e.column === columnNamed(wide.made, name))) as [number, number];
    const delta = wide.after[part]![0]!;
    const offset = claimOffset() + constant.length;
    // the product of the two stays, and so does delta^x g + delta^y pick: the roles of the two summands are exchanged
    const [g, pick] = [wide.element(part, x), wide.element(part, y)];
    const factor = div(k.mul(k.pow(delta, offset + y), pick), k.mul(k.pow(delta, offset + x), g));
    expectBound(
      wide,
      wide.with(
        part,
        new Map([
          [x, k.mul(g, factor)],
          [y, div(pick, factor)],
        ]),
      ),
      ["opening/claim", "grind/nonce"],
    );
  });
});

describe("the opening", () => {
  test.each([0, 3, 5, 9])("round %i", (nth) => {
    const part = wide.index("opening round", nth);
    // a nonce stands between the message and its challenge
    const [r] = wide.after[part + 1]!;
    const e = k.sub(one, k.add(r!, r!));
    const f = k.mul(r!, k.sub(r!, one));
    expectBound(
      wide,
      wide.with(
        part,
        new Map([
          [0, k.add(wide.element(part, 0), f)],
          [1, k.sub(wide.element(part, 1), e)],
        ]),
      ),
      ["opening/claim", "grind/nonce"],
    );
  });

  test.each([
    ["witness root", 0, 1],
    ["codeword root", 0, 2],
    ["codeword root", 1, 3],
  ])("%s %i", (path, nth, tree) =>
    expectRootBound(wide, path, nth, tree, path === "witness root" ? ["lookup/round", "grind/nonce"] : ["opening/claim", "grind/nonce"]),
  );

  test("the roots of a segment's boundaries", async () => {
    const { parts } = await segmentedCase({ parameters: WIDE_PARAMETERS });
    const segment = new Opened(parts[1]!, await prove(parts[1]!));
    expectRootBound(segment, "incoming root", 0, 2, ["lookup/round", "grind/nonce"]);
    expectRootBound(segment, "outgoing root", 0, 3, ["lookup/round", "grind/nonce"]);
  });

  test("the final message", async () => {
    const made = await withParameters(wide.made, {
      ...WIDE_PARAMETERS,
      folds: [2],
      finalBits: 2,
      queries: 1,
      grinding: { lookup: 0, fold: 0, query: 0 },
    });
    const opened = new Opened(made, await prove(made));
    const part = opened.index("final message");
    const final = [opened.after[opened.index("opening round", opened.parts.filter((p) => p.path === "opening round").length - 2)]![0]!];
    final.push(opened.after[opened.index("opening round", opened.parts.filter((p) => p.path === "opening round").length - 1)]![0]!);
    const bits = WIDE_PARAMETERS.blowup + 2;
    const position = opened.draws.at(-1)! % 2 ** (WIDE_PARAMETERS.rowBits + WIDE_PARAMETERS.blowup);
    const x = xAt(bits, position % 2 ** bits);
    const atPoint = [0, 1, 2, 3].map((j) => k.mul(j >= 2 ? k.fromBase(x) : one, j % 2 === 1 ? k.fromBase(doubleX(x)) : one));
    const changes = crossProduct(eqTable(final).slice(0, 3), atPoint.slice(0, 3)).map((by, i): [number, QM31] => [
      i,
      k.add(opened.element(part, i), by),
    ]);
    expectBound(opened, opened.with(part, new Map(changes)), ["opening/claim"]);
  });

  test("every nonce", () => {
    const nonces = wide.parts.flatMap((p, i) => (p.path === "nonce" ? [i] : []));
    expect(nonces.length).toBe(2 + prepareKey(wide.made.key).plan.layouts[1]!.columnBits + 1 + WIDE_PARAMETERS.rowBits);
    for (const [i, part] of nonces.entries()) {
      const { start } = wide.parts[part]!;
      const forged = bytesOf(wide.words.with(start, (wide.words[start]! + 1) % P));
      const last = i === nonces.length - 1;
      expectBound(
        wide,
        forged,
        last ? ["grind/nonce", "opening/path", "decode/size"] : ["grind/nonce", "lookup/root", "lookup/round", "opening/claim"],
      );
    }
  });
});

/** A root, changed with a subtree that no query looks into. */
function expectRootBound(opened: Opened, path: string, nth: number, tree: number, codes: readonly VerifyCode[]): void {
  const forged = [...opened.words];
  const { siblings, rerooted } = treeOf(opened, tree);
  const last = siblings.at(-1)!;
  forged[last.start] = (forged[last.start]! + 1) % P;
  const { start } = opened.parts[opened.index(path, nth)]!;
  const root = rerooted(opened.words);
  expect(opened.words.slice(start, start + 8)).toEqual([...root]);
  forged.splice(start, 8, ...rerooted(forged));
  expectBound(opened, bytesOf(forged), codes);
}

/** A vector on which two linear forms in three variables vanish. */
function crossProduct(a: readonly QM31[], b: readonly QM31[]): QM31[] {
  return [0, 1, 2].map((i) => {
    const [j, l] = [(i + 1) % 3, (i + 2) % 3];
    return k.sub(k.mul(a[j]!, b[l]!), k.mul(a[l]!, b[j]!));
  });
}

/** The siblings in the openings of one tree, those of the commitments first, then of the folded layers; and its root from the words of a proof. */
function treeOf(
  opened: Opened,
  tree: number,
): { readonly siblings: readonly Part[]; readonly rerooted: (words: readonly number[]) => Uint32Array } {
  const { rowBits, blowup, folds, queries } = opened.made.key.parameters;
  const depths = [
    ...prepareKey(opened.made.key).plan.layouts.map(() => rowBits + blowup),
    ...folds.map((_, i) => rowBits + blowup - folds.slice(0, i + 1).reduce((n, f) => n + f, 0)),
  ];
  const openings = opened.parts.filter((p) => p.path === "opening");
  let next = 0;
  for (const [t, depth] of depths.entries()) {
    const leaves = [...new Set(opened.draws.slice(-queries).map((q) => q % 2 ** depth))].sort((a, b) => a - b);
    const rows = openings.slice(next, next + leaves.length);
    const siblings = openings.slice(next + leaves.length, next + leaves.length + missingNodes(depth, leaves).length);
    next += rows.length + siblings.length;
    if (t !== tree) continue;
    const read = (words: readonly number[], part: Part) => Uint32Array.from(words.slice(part.start, part.start + part.count));
    const rerooted = (words: readonly number[]) =>
      rootOf(
        suite,
        depth,
        leaves,
        rows.map((part) => suite.row(read(words, part))),
        siblings.map((part) => read(words, part)),
      );
    return { siblings, rerooted };
  }
  throw new Error(`no tree ${tree}`);
}
