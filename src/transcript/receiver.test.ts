import { describe, expect, test } from "vitest";
import { InternalError, VerifyError } from "../errors.ts";
import { P } from "../field/m31.ts";
import { poseidon2M31 } from "../hash/poseidon2-m31.ts";
import { recordingSuite, replayingSuite } from "../testing/replay.ts";
import { Receiver } from "./receiver.ts";
import { TAGS, tagName } from "./tags.ts";

const suite = poseidon2M31;
const receiverOf = (...words: number[]): Receiver => new Receiver(suite, Uint32Array.from(words));
const count = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1);

/** The code and path of the rejection. */
function rejection(run: () => unknown): { code: string; path: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof VerifyError) return { code: error.code, path: error.path };
    throw error;
  }
  throw new Error("Nothing was rejected");
}

describe("messages", () => {
  test("are taken in order, absorbed and followed by the sponge's challenges", () => {
    const receiver = receiverOf(...count(8 + 8 + 3));
    const sponge = suite.sponge();
    receiver.absorb(TAGS.publicColumn, [7, 8]);
    sponge.absorb(TAGS.publicColumn, [7, 8]);
    expect(Array.from(receiver.receiveDigest(TAGS.witnessRoot))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    sponge.absorbDigest(TAGS.witnessRoot, Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect(receiver.draw()).toEqual([sponge.draw(), sponge.draw(), sponge.draw(), sponge.draw()]);
    expect(receiver.receiveElements(TAGS.lookupRound, 2)).toEqual([
      [9, 10, 11, 12],
      [13, 14, 15, 16],
    ]);
    sponge.absorb(TAGS.lookupRound, [9, 10, 11, 12, 13, 14, 15, 16]);
    expect(receiver.drawElements(3).flat()).toEqual(Array.from({ length: 12 }, () => sponge.draw()));
    expect(Array.from(receiver.receive(TAGS.openingRound, 3))).toEqual([17, 18, 19]);
    sponge.absorb(TAGS.openingRound, [17, 18, 19]);
    expect(receiver.drawPositions(5, 12)).toEqual(Array.from({ length: 5 }, () => sponge.draw() % 4096));
    receiver.finish();
  });

  test("that are read do not change the challenges", () => {
    const reading = receiverOf(...count(12));
    expect(Array.from(reading.read(4))).toEqual([1, 2, 3, 4]);
    expect(Array.from(reading.readDigest())).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
    expect(reading.draw()).toEqual(receiverOf().draw());
    reading.finish();
  });

  test("a digest that both sides know is absorbed as such", () => {
    const digest = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const [a, b] = [receiverOf(), receiverOf()];
    a.absorbDigest(TAGS.keyDigest, digest);
    b.absorb(TAGS.keyDigest, digest);
    expect(a.draw()).toEqual(b.draw());
    expect(a.draw()).not.toEqual(receiverOf().draw());
  });
});

describe("rejections", () => {
  test.each([P, P + 1, 2 ** 32 - 1])("a word %i is not canonical, in every kind of message", (bad) => {
    for (const place of [0, 3, 7]) {
      const words = count(8).with(place, bad);
      const path = (name: string) => ({ code: "decode/noncanonical", path: `message 0 (${name})` });
      expect(rejection(() => receiverOf(...words).receive(TAGS.lookupRound, 8))).toEqual(path("lookup round"));
      expect(rejection(() => receiverOf(...words).receiveElements(TAGS.finalMessage, 2))).toEqual(path("final message"));
      expect(rejection(() => receiverOf(...words).receiveDigest(TAGS.witnessRoot))).toEqual(path("witness root"));
      expect(rejection(() => receiverOf(...words).read(8))).toEqual(path("opening"));
      expect(rejection(() => receiverOf(...words).readDigest())).toEqual(path("opening"));
    }
    expect(rejection(() => receiverOf(bad).grind(1)).code).toBe("decode/noncanonical");
  });

  test("a proof that ends early, with the message's number", () => {
    const receiver = receiverOf(...count(9));
    receiver.read(2);
    receiver.receive(TAGS.lookupValues, 3);
    expect(rejection(() => receiver.receive(TAGS.lookupRound, 5))).toEqual({ code: "decode/size", path: "message 2 (lookup round)" });
    expect(rejection(() => receiver.receiveDigest(TAGS.codewordRoot))).toEqual({ code: "decode/size", path: "message 2 (codeword root)" });
    expect(rejection(() => receiverOf().grind(4))).toEqual({ code: "decode/size", path: "message 0 (grind)" });
  });

  test("a proof with words left", () => {
    const receiver = receiverOf(1, 2);
    receiver.read(1);
    expect(rejection(() => receiver.finish())).toEqual({ code: "decode/size", path: "end of the proof" });
    receiver.read(1);
    receiver.finish();
  });
});

describe("grind", () => {
  const nonces = Array.from({ length: 32 }, (_, nonce) => nonce);
  const accepted = (nonce: number): boolean => suite.sponge().grindAccepts(3, nonce);

  test("takes one word and goes on from its state", () => {
    const nonce = nonces.find(accepted)!;
    const receiver = receiverOf(nonce);
    const sponge = suite.sponge();
    receiver.grind(3);
    sponge.grindAccepts(3, nonce);
    expect(receiver.draw()).toEqual([sponge.draw(), sponge.draw(), sponge.draw(), sponge.draw()]);
    receiver.finish();
  });

  test("rejects every other nonce", () => {
    const wrong = nonces.filter((nonce) => !accepted(nonce));
    expect(wrong.length).toBeGreaterThan(16);
    for (const nonce of wrong)
      expect(rejection(() => receiverOf(nonce).grind(3))).toEqual({ code: "grind/nonce", path: "message 0 (grind)" });
  });

  test("of 0 bits takes nothing", () => {
    const receiver = receiverOf();
    receiver.grind(0);
    receiver.finish();
    expect(receiver.draw()).toEqual(receiverOf().draw());
  });
});

test("an observer sees every step", () => {
  const events: unknown[] = [];
  const nonce = Array.from({ length: 64 }, (_, k) => k).find((k) => suite.sponge().grindAccepts(1, k))!;
  const receiver = new Receiver(suite, Uint32Array.of(nonce, ...count(32)), (...event) => events.push(event));
  receiver.grind(1);
  receiver.absorb(TAGS.statement, [1, 2, 3]);
  receiver.absorbDigest(TAGS.keyDigest, new Uint32Array(8));
  receiver.receiveElements(TAGS.lookupRound, 2);
  receiver.receiveDigest(TAGS.codewordRoot);
  receiver.draw();
  receiver.drawPositions(3, 4);
  receiver.read(8);
  receiver.readDigest();
  expect(events).toEqual([
    ["grind", TAGS.grind, 1],
    ["absorb", TAGS.statement, 3],
    ["absorb", TAGS.keyDigest, 8],
    ["receive", TAGS.lookupRound, 8],
    ["receive", TAGS.codewordRoot, 8],
    ["draw", 0, 4],
    ["draw", 0, 3],
    ["read", 0, 8],
    ["read", 0, 8],
  ]);
});

describe("replayed challenges", () => {
  test("are the recorded ones, whatever is absorbed", () => {
    const { suite: recording, draws } = recordingSuite(suite);
    const honest = new Receiver(recording, Uint32Array.of(1, 2));
    honest.receive(TAGS.lookupRound, 2);
    const challenges = [...honest.drawElements(2), honest.drawPositions(1, 29)];
    expect(draws).toHaveLength(9);

    const forged = Uint32Array.of(1, 3);
    const replayed = new Receiver(replayingSuite(suite, draws), forged);
    replayed.receive(TAGS.lookupRound, 2);
    expect([...replayed.drawElements(2), replayed.drawPositions(1, 29)]).toEqual(challenges);
    expect(() => replayed.draw()).toThrow(InternalError);

    const real = new Receiver(suite, forged);
    real.receive(TAGS.lookupRound, 2);
    expect(real.drawElements(2)).not.toEqual(challenges.slice(0, 2));
  });

  test("accept any nonce", () => {
    const bad = Array.from({ length: 64 }, (_, k) => k).find((k) => !suite.sponge().grindAccepts(2, k))!;
    new Receiver(replayingSuite(suite, []), Uint32Array.of(bad)).grind(2);
    expect(() => receiverOf(bad).grind(2)).toThrow(VerifyError);
  });
});

test("tags are distinct and named", () => {
  expect(new Set(Object.values(TAGS)).size).toBe(Object.keys(TAGS).length);
  expect(tagName(TAGS.constantEvaluations)).toBe("constant evaluations");
  expect(tagName(77)).toBe("tag 77");
});
