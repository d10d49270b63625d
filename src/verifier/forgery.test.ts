import { beforeAll, describe, expect, test } from "vitest";
import type { Column } from "../backend/backend.ts";
import { toWords } from "../backend/columns.ts";
import { elementsOf, store } from "../backend/reference/column.ts";
import { VERIFY_CODES, type VerifyCode, VerifyError } from "../errors.ts";
import type { QM31 } from "../field/qm31.ts";
import * as k from "../field/qm31.ts";
import { decodeProof, encodeProof } from "../proof/proof.ts";
import type { Parameters } from "../security/types.ts";
import type { SegmentedKey } from "../segments/key.ts";
import { encodeSegments } from "../segments/proof.ts";
import { verifySegments } from "../segments/verify.ts";
import { type Hooks, hookedBackend } from "../testing/malicious.ts";
import { bytesOf, partsOf, wordsOf } from "../testing/tamper.ts";
import {
  columnNamed,
  commitWeights,
  prove,
  type ToyCase,
  toyCase,
  WIDE_PARAMETERS,
  wideCase,
  withoutWork,
  withParameters,
} from "../testing/toy-proof.ts";
import { segmentedCase } from "../testing/toy-segments.ts";
import { rejectionOf } from "../testing/walker.ts";
import { TAGS } from "../transcript/tags.ts";
import { prepareKey, verify } from "./verify.ts";

let wide: ToyCase;
let proof: Uint8Array;
beforeAll(async () => {
  wide = await wideCase();
  proof = await prove(wide);
});

/** The code of a rejection by a case's key of a proof made with hooks. */
const outcome = async (made: ToyCase, hooks: Hooks) => rejectionOf(made.key, await prove(made, { backend: hookedBackend(hooks) }));

function addTo(words: Uint32Array, element: number, value: QM31): void {
  const [a = 0, b = 0, c = 0, d = 0] = words.subarray(4 * element, 4 * element + 4);
  words.set(k.add([a, b, c, d], value), 4 * element);
}

/** The place of a column among the look-up evaluations. */
const lookupPlace = (made: ToyCase, name: string) =>
  prepareKey(made.key).plan.lookups.evaluations.findIndex((e) => e.column === columnNamed(made, name));
const constantPlaces = (made: ToyCase, name: string) =>
  prepareKey(made.key).plan.constraints.constant.flatMap((e, i) =>
    e.column === columnNamed(made, name) && e.coordinates.flat().every((c) => c.from === "rho") ? [i] : [],
  );

test("hooks that change nothing leave the proof as it is", async () => {
  expect(await prove(wide, { backend: hookedBackend({}) })).toEqual(proof);
});

describe("evaluations that are false but fit each other", () => {
  test("in a look-up of two columns are caught by the opening", async () => {
    // fingerprint t + beta conv + beta^2 g: the errors -beta and 1 cancel
    let beta: QM31 = k.ZERO;
    let drawn = 0;
    const code = await outcome(wide, {
      draw: (challenges) => {
        if (drawn++ === 0) beta = challenges[1]!;
      },
      send: (tag, words) => {
        if (tag !== TAGS.lookupEvaluations) return;
        addTo(words, lookupPlace(wide, "conv"), k.neg(beta));
        addTo(words, lookupPlace(wide, "g"), k.ONE);
      },
    });
    expect(code).toBe("opening/claim");
  });

  test("in a linear constraint are caught by the opening", async () => {
    expect(await outcome(wide, { send: shiftQuotient(wide) })).toBe("opening/claim");
  });

  test("but no longer fit if only one of them is false", async () => {
    const [q] = constantPlaces(wide, "q");
    expect(await outcome(wide, { send: (tag, words) => tag === TAGS.constantEvaluations && addTo(words, q!, k.ONE) })).toBe(
      "constraint/final",
    );
  });
});

/** Claims q + 1 and r - 16 in place of q and r: the constraint -16 q - r + ... = 0 holds as before. */
function shiftQuotient(made: ToyCase): NonNullable<Hooks["send"]> {
  const [[q, ...moreQ], [r, ...moreR]] = [constantPlaces(made, "q"), constantPlaces(made, "r")];
  expect([moreQ, moreR]).toEqual([[], []]);
  return (tag, words) => {
    if (tag !== TAGS.constantEvaluations) return;
    addTo(words, q!, k.ONE);
    addTo(words, r!, k.fromInteger(-16));
  };
}

/** Follows the error of the sum of claims, delta^i error_i at first, through the rounds: each multiplies it by its challenge. */
function errorTracker(made: ToyCase): {
  readonly draw: NonNullable<Hooks["draw"]>;
  readonly sent: (tag: number) => void;
  readonly rounds: () => number;
  readonly error: () => QM31;
} {
  const { lookups } = prepareKey(made.key).plan;
  const claim = (name: string) => lookups.evaluations.length + constantPlaces(made, name)[0]!;
  let error: QM31 | null = null;
  let begun = false;
  let rounds = -1;
  return {
    sent: (tag) => {
      if (tag === TAGS.leafEvaluations) begun = true;
    },
    draw: (challenges) => {
      if (!begun) return;
      const r = challenges[0]!;
      error = error === null ? k.add(k.pow(r, claim("q")), k.mul(k.fromInteger(-16), k.pow(r, claim("r")))) : k.mul(error, r);
      rounds++;
    },
    rounds: () => rounds,
    error: () => error ?? k.ZERO,
  };
}

/** The final message, one element, is changed so that the opening sumcheck ends in the false sum. */
async function withOtherMessage(): Promise<VerifyCode | null> {
  const made = await withParameters(wide, { ...WIDE_PARAMETERS, folds: [2, 2], finalBits: 0 });
  const tracker = errorTracker(made);
  const send = shiftQuotient(made);
  let weight: QM31 = k.ZERO;
  return outcome(made, {
    draw: tracker.draw,
    send: (tag, words) => {
      send(tag, words);
      tracker.sent(tag);
      if (tag === TAGS.finalMessage) addTo(words, 0, k.mul(tracker.error(), k.inv(weight)));
    },
    bind: (tables) => {
      weight = elementsOf(tables[1]!)[0]!;
    },
  });
}

describe("a false sum of claims", () => {
  /** After the commitment round, g is changed so that <g, v> is the false sum; everything after is honest about that g. */
  async function withOtherCodeword(made: ToyCase): Promise<VerifyCode | null> {
    const tracker = errorTracker(made);
    const columnBits = Math.max(...prepareKey(made.key).plan.layouts.map((l) => l.columnBits));
    const send = shiftQuotient(made);
    let g: Column | null = null;
    let done = false;
    const code = await outcome(made, {
      draw: tracker.draw,
      send: (tag, words) => {
        send(tag, words);
        tracker.sent(tag);
      },
      combine: (result) => {
        if (tracker.rounds() !== columnBits + 1 || done) return;
        if (g === null) {
          g = result;
          return;
        }
        const values = elementsOf(g);
        const place = elementsOf(result).findIndex((v) => !k.isZero(v));
        values[place] = k.add(values[place]!, k.mul(tracker.error(), k.inv(elementsOf(result)[place]!)));
        store(g, 0, values);
        done = true;
      },
    });
    expect(done).toBe(true);
    return code;
  }

  test.each<[string, Parameters]>([
    ["two layers", WIDE_PARAMETERS],
    ["no layer", { ...WIDE_PARAMETERS, folds: [], finalBits: 4 }],
    ["one layer", { ...WIDE_PARAMETERS, folds: [4], finalBits: 0 }],
  ])("over another codeword is caught where the rows meet it, with %s", async (_, parameters) => {
    expect(await withOtherCodeword(await withParameters(wide, parameters))).toBe("opening/fold");
  });

  test("over another final message is caught where the folds meet it", async () => {
    expect(await withOtherMessage()).toBe("opening/fold");
  });
});

describe("a look-up tree", () => {
  test("whose root has denominator 0 is rejected", async () => {
    let first = true;
    const code = await outcome(wide, {
      send: (tag, words) => {
        if (tag !== TAGS.lookupValues || !first) return;
        words.fill(0);
        first = false;
      },
    });
    expect(code).toBe("lookup/root");
  });

  test("whose root is made to vanish is rejected below", async () => {
    // a wrong multiplicity, and n0 = -n1 d0 / d1
    const { multiplicity } = wide.key.system.tables[0]!;
    const witness = new Map([[multiplicity, toWords(wide.witness.get(multiplicity)!.map((m) => m + 1))]]);
    let first = true;
    const send: Hooks["send"] = (tag, words) => {
      if (tag !== TAGS.lookupValues || !first) return;
      const element = (i: number): QM31 => [words[4 * i]!, words[4 * i + 1]!, words[4 * i + 2]!, words[4 * i + 3]!];
      words.set(k.neg(k.mul(k.mul(element(1), element(2)), k.inv(element(3)))), 0);
      first = false;
    };
    expect(rejectionOf(wide.key, await prove(wide, { witness }))).toBe("lookup/root");
    expect(rejectionOf(wide.key, await prove(wide, { witness, backend: hookedBackend({ send }) }))).toBe("lookup/round");
  });
});

describe("commitments", () => {
  test("to other columns than those opened are rejected", async () => {
    const other = await wideCase(WIDE_PARAMETERS, Int32Array.of(0, 0, 0, 0, 0, 0, 0));
    const root = wordsOf(await prove(other)).slice(13 + 7, 13 + 7 + 8);
    expect(await outcome(wide, { send: (tag, words) => tag === TAGS.witnessRoot && words.set(root) })).toBe("opening/path");
  });

  test("of weights that were changed after key generation are rejected", async () => {
    const id = columnNamed(wide, "a");
    const column = (c: number) => (c === id ? wide.weights.column(c).map((w, i) => (i === 3 ? w + 1 : w)) : wide.weights.column(c));
    const other = await commitWeights(wide.key, column);
    expect([...other.key.weightRoot]).not.toEqual([...wide.key.weightRoot]);
    // everything from the other weights, all but the columns, and the honest matrix with evaluations of other columns
    expect(rejectionOf(wide.key, await prove(wide, { weights: other.weights }))).toBe("constraint/final");
    expect(rejectionOf(wide.key, await prove(wide, { weights: { ...other.weights, column: wide.weights.column } }))).toBe("opening/claim");
    expect(rejectionOf(wide.key, await prove(wide, { weights: { ...other.weights, matrix: wide.weights.matrix } }))).toBe(
      "constraint/final",
    );
    expect(rejectionOf(wide.key, await prove(wide, { weights: { ...wide.weights, tree: other.weights.tree } }))).toBe("opening/path");
  });

  test("to weights of another network that computes the same here are rejected", async () => {
    // the last cell of `a` multiplies a state of 0 or is changed where nothing reads it: table rows that are never looked up
    const id = columnNamed(wide, "table next");
    const unused = Array.from({ length: 43 }, (_, v) => v).find((v) => !wide.witness.get(columnNamed(wide, "q"))!.includes(v))!;
    const column = (c: number) => (c === id ? wide.weights.column(c).map((w, i) => (i === unused ? w + 1 : w)) : wide.weights.column(c));
    const { weights, key } = await commitWeights(wide.key, column);
    const forged = await prove(wide, { weights });
    expect(rejectionOf(wide.key, forged)).toBe("opening/path");
    expect(rejectionOf(key, await prove({ ...wide, key }, { weights }))).toBeNull();
  });

  test("opened from another proof's tree are rejected", async () => {
    const made = await withParameters(wide, { ...WIDE_PARAMETERS, queries: 4096 });
    const other = await withParameters(await wideCase(WIDE_PARAMETERS, Int32Array.of(0, 0, 0, 0, 0, 0, 0)), {
      ...WIDE_PARAMETERS,
      queries: 4096,
    });
    // all positions are opened in both, so that their openings have the same places
    const [own, foreign] = [await prove(made), await prove(other)];
    expect(rejectionOf(made.key, own)).toBeNull();
    const start = partsOf(made.key, own).find((p) => p.path === "opening")!.start;
    expect(own.length).toBe(foreign.length);
    expect(rejectionOf(made.key, bytesOf([...wordsOf(own).slice(0, start), ...wordsOf(foreign).slice(start)]))).toBe("opening/path");
  });
});

describe("a proof of one statement", () => {
  test("does not show another", async () => {
    const decoded = decodeProof(proof);
    const labels = wide.key.output.labels.length;
    expect(rejectionOf(wide.key, encodeProof({ ...decoded, output: (decoded.output + 1) % labels }))).not.toBeNull();
    const input = decoded.input.slice();
    input[0] = 2;
    expect(decoded.input[0]).not.toBe(2);
    expect(["lookup/round", "grind/nonce"]).toContain(rejectionOf(wide.key, encodeProof({ ...decoded, input })));
  });

  test("does not show it of another key", async () => {
    const renamed = { ...wide.key, name: "another name" };
    expect(rejectionOf(renamed, proof)).toBe("statement/key");
    const patched = encodeProof({ ...decodeProof(proof), key: prepareKey(renamed).digest });
    expect(["lookup/round", "grind/nonce"]).toContain(rejectionOf(renamed, patched));
    const toy = await toyCase();
    expect(rejectionOf(toy.key, proof)).toBe("statement/key");
  });
});

/** How two segments at 100 bits are rejected: the first one proven for another output, or the second one from another state. */
async function segmented(
  work: (key: SegmentedKey, proofs: readonly Uint8Array[]) => unknown,
  { output, state }: { readonly output?: number; readonly state?: Int32Array } = {},
): Promise<VerifyCode | null> {
  const { key, parts } = await segmentedCase({ cuts: [3], ...(state === undefined ? {} : { from: { segment: 1, state } }) });
  const proofs = [await prove(parts[0]!, output === undefined ? {} : { output }), await prove(parts[1]!)];
  try {
    work(key, proofs);
  } catch (error) {
    if (error instanceof VerifyError) return error.code;
    throw error;
  }
  return null;
}

describe("every code", () => {
  const patched = (at: number, value: number) => bytesOf(wordsOf(proof).with(at, value));
  const patchedPart = (path: string) => {
    const { start } = partsOf(wide.key, proof).find((p) => p.path === path)!;
    const word = wordsOf(proof)[start]!;
    return bytesOf(wordsOf(proof).with(start, word === 0 ? 1 : word - 1));
  };
  const triggers: Readonly<Record<VerifyCode, () => Promise<VerifyCode | null> | VerifyCode | null>> = {
    "decode/size": () => rejectionOf(wide.key, proof.slice(0, -4)),
    "decode/header": () => rejectionOf(wide.key, patched(1, 2)),
    "decode/noncanonical": () => rejectionOf(wide.key, patched(wordsOf(proof).length - 1, 0x7fffffff)),
    "statement/key": () => rejectionOf(wide.key, patched(3, (wordsOf(proof)[3]! + 1) % 0x7fffffff)),
    "statement/input": () => rejectionOf(wide.key, patched(13, 99)),
    "statement/output": () => rejectionOf(wide.key, patched(11, 3)),
    "security/bits": () => rejectionOf(wide.key, proof, 100),
    "grind/nonce": async () => {
      const words = wordsOf(proof);
      const { start } = partsOf(wide.key, proof).find((p) => p.path === "nonce")!;
      // 2^-5 of all nonces pass: one of the next few does not
      for (let step = 1; step < 20; step++) {
        const code = rejectionOf(wide.key, bytesOf(words.with(start, words[start]! + step)));
        if (code === "grind/nonce") return code;
      }
      return null;
    },
    "lookup/root": () => rejectionOf(wide.key, patchedPart("lookup root")),
    "lookup/round": () => rejectionOf(wide.key, patchedPart("lookup round")),
    "lookup/leaves": () => rejectionOf(wide.key, patchedPart("lookup evaluations")),
    "constraint/final": () => rejectionOf(wide.key, patchedPart("leaf evaluations")),
    "opening/claim": async () => {
      const made = await withoutWork(wide);
      return outcome(made, { send: (tag, words) => tag === TAGS.finalMessage && addTo(words, 0, k.ONE) });
    },
    "opening/fold": () => withOtherMessage(),
    "opening/path": () => rejectionOf(wide.key, patchedPart("opening")),
    "statement/segment": () => segmented((key, [first]) => verify(key.segments[0]!, first!)),
    "segments/count": () => segmented((key, [, second]) => verifySegments(key, encodeSegments([second!]))),
    "segments/statement": () => segmented((key, all) => verifySegments(key, encodeSegments(all)), { output: 1 }),
    "segments/boundary": () => segmented((key, all) => verifySegments(key, encodeSegments(all)), { state: new Int32Array(20) }),
  };

  test.each(Object.keys(VERIFY_CODES) as VerifyCode[])("%s has a proof that it rejects", async (code) => {
    expect(await triggers[code]()).toBe(code);
  });
});
