/** The bundled models: their sources, their programs, their accuracy. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeInput } from "../statement/encoding.ts";
import { checkNoWrap } from "../system/bounds.ts";
import { intTensor } from "../tensor/tensor.ts";
import { firstViolation } from "../testing/check-system.ts";
import { formatAccuracy, measureAccuracy, type Sample } from "./accuracy.ts";
import { convertLande, type LandeModules } from "./lande.ts";
import sentences from "./lande-sentences.json" with { type: "json" };
import { loadModel } from "./load.ts";
import { readProgram, writeProgram } from "./manifest.ts";
import { loadMnist } from "./mnist/data.ts";

const root = new URL("../../", import.meta.url);
const landeModule = async (file: string) => (await import(new URL(`node_modules/lande/standalone/${file}.js`, root).href)).default;
const lande = await loadModel("lande");
const mnist = await loadModel("mnist-small");
const bytes = (text: string) => new TextEncoder().encode(text);
const landeInput = (text: string) => intTensor([620], encodeInput(lande.input, bytes(text)));

/** 500 sentences: each clause alone, and each joined with the next. */
function* landeTexts(): Generator<{ language: string; text: string }> {
  for (const [language, [and, ...clauses]] of Object.entries(sentences)) {
    for (const [i, clause] of clauses.entries()) {
      yield { language, text: `${clause}.` };
      yield { language, text: `${clause} ${and} ${clauses[(i + 1) % clauses.length]}.` };
    }
  }
}

describe("programs", () => {
  // The same digests have to come out on every runtime; a new one is a new model id.
  it.each([
    [lande, "754c64bdc50301db0d9c41e99382b6eaf54e439e20d0392b6537f1a7f18ca282"],
    [mnist, "f4536886623345916d32b5f4fb298201263a680a319ecec086ff12ce78841ae4"],
  ])("are the same bytes everywhere", ({ program }, digest) => {
    const { manifest, weights } = writeProgram(program);
    expect(createHash("sha256").update(manifest).update(weights).digest("hex")).toBe(digest);
    expect(readProgram(manifest, weights)).toEqual(program);
    expect(() => readProgram(manifest, weights.subarray(4))).toThrow("weights");
  });

  it.each([lande, mnist])("cannot wrap around", ({ compiled }) => {
    expect(() => checkNoWrap(compiled.built.system, compiled.built.weights)).not.toThrow();
  });
});

describe("lande", () => {
  it("is what the extraction script makes of the package", async () => {
    const modules = {
      options: await landeModule("t50-options"),
      ngrams: await landeModule("t50-ngrams"),
      languages: await landeModule("t50-langs"),
    };
    const { onnx, description } = convertLande(modules as LandeModules);
    expect(createHash("sha256").update(onnx).digest("hex")).toBe(
      createHash("sha256")
        .update(readFileSync(new URL("models/lande/model.onnx", root)))
        .digest("hex"),
    );
    expect(JSON.parse(readFileSync(new URL("models/lande/model.json", root), "utf8"))).toEqual(description);
  });

  it("names the language that the package names", async () => {
    const original = await landeModule("t50");
    for (const text of ["What language is this sentence written in?", "Dans quelle langue est écrite cette phrase?"]) {
      const { result } = lande.compiled.witness(landeInput(text));
      expect(lande.output.labels[result.classIndex]).toBe(original(text)[0][0]);
    }
  });

  it("satisfies its system for texts of all kinds", () => {
    for (const text of ["", "a", "In welcher Sprache ist dieser Satz geschrieben?", "這", "z".repeat(5000), "\u{1F600} 123 -- !"]) {
      const { columns } = lande.compiled.witness(landeInput(text));
      expect(firstViolation(lande.compiled.built, columns)).toBeNull();
    }
  });

  it("agrees with the package on at least 99 of 100 sentences in its languages", async () => {
    const original = await landeModule("t50");
    const samples: Sample[] = [];
    let agreeing = 0;
    for (const { language, text } of landeTexts()) {
      const input = landeInput(text);
      samples.push({ input, label: lande.output.labels.indexOf(language) });
      if (lande.output.labels[lande.compiled.run(input).classIndex] === original(text)[0][0]) agreeing++;
    }
    const report = measureAccuracy(lande, samples);
    console.info(formatAccuracy(report));
    expect(samples.length).toBe(500);
    expect(report.labelled).toBe(500);
    expect(agreeing).toBeGreaterThanOrEqual(495);
    expect(report.agreeing).toBeGreaterThanOrEqual(495);
    expect(report.integerRight).toBeGreaterThanOrEqual(report.floatRight - 5);
  });
});

describe("mnist-small", () => {
  const { images, labels } = loadMnist("test");
  const samples = Array.from({ length: 500 }, (_, i) => ({
    input: intTensor([1, 28, 28], Int32Array.from(images.subarray(784 * i, 784 * (i + 1)))),
    label: labels[i] ?? -1,
  }));

  it("satisfies its system", () => {
    const { result, columns } = mnist.compiled.witness(samples[0]!.input);
    expect(result.classIndex).toBe(samples[0]!.label);
    expect(firstViolation(mnist.compiled.built, columns)).toBeNull();
  });

  it("agrees with the float network on 500 test images", () => {
    const report = measureAccuracy(mnist, samples);
    console.info(formatAccuracy(report));
    expect(report.agreeing).toBeGreaterThanOrEqual(499);
    expect(Math.abs(report.integerRight - report.floatRight)).toBeLessThanOrEqual(1);
  });
});

describe("a model from outside", () => {
  const file = `${process.env.CIRCLET_MODELS ?? ""}/mnist-cnn/opt-mnist.onnx`;
  const missing = !existsSync(file);
  if (missing) console.info("not run: the ONNX model zoo's MNIST network (CIRCLET_MODELS names no folder that has it)");

  it.skipIf(missing)("the ONNX model zoo's MNIST network agrees with its float version", async () => {
    const model = await loadModel(file, { description: { name: "opt-mnist", input: { kind: "tensor", exponent: 0, range: [0, 255] } } });
    const { images, labels } = loadMnist("test");
    const samples = Array.from({ length: 100 }, (_, i) => ({
      input: intTensor([1, 28, 28], Int32Array.from(images.subarray(784 * i, 784 * (i + 1)))),
      label: labels[i] ?? -1,
    }));
    const report = measureAccuracy(model, samples);
    expect(report.agreeing).toBeGreaterThanOrEqual(99);
    expect(report.floatRight).toBeGreaterThanOrEqual(97);
    checkNoWrap(model.compiled.built.system, model.compiled.built.weights);
    expect(firstViolation(model.compiled.built, model.compiled.witness(samples[0]!.input).columns)).toBeNull();
  });
});
