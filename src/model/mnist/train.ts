/**
 * Trains the network of models/mnist-small on the MNIST training images and writes it as ONNX: npx tsx src/model/mnist/train.ts models/mnist-small [epochs]
 * One thread, minutes. The seed is fixed, so a runtime repeats its own run bit for bit (another may round exp and log otherwise).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Digits, loadMnist } from "./data.ts";
import { mnistModel } from "./export.ts";
import type { Layer } from "./layers.ts";
import { countCorrect, mnistLayers, parametersOf, pixels, scores } from "./network.ts";
import { adam, crossEntropy, initialize, seededRandom } from "./optimizer.ts";

const BATCH = 32;
const RATE = 0.002;
const SEED = 1;

/** Trains in place; the learning rate falls linearly from RATE to 0. Prints the mean loss now and then. */
function train(layers: readonly Layer[], { images, labels }: Digits, epochs: number): void {
  const random = seededRandom(SEED);
  const parameters = parametersOf(layers);
  initialize(parameters, random);
  const update = adam(parameters);
  const order = Uint32Array.from(labels, (_, i) => i);
  const steps = Math.floor(labels.length / BATCH);
  const start = performance.now();
  let loss = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (let step = 0; step < steps; step++) {
      for (const index of order.subarray(step * BATCH, (step + 1) * BATCH)) {
        const result = crossEntropy(scores(layers, pixels(images, index)), labels[index]!);
        loss += result.loss;
        layers.reduceRight((gradient, layer) => layer.backward(gradient), result.gradient);
      }
      const done = epoch * steps + step;
      update(RATE * (1 - done / (epochs * steps)), BATCH);
      if ((done + 1) % 250 === 0) {
        console.log(
          `step ${done + 1} of ${epochs * steps}: mean loss ${(loss / (250 * BATCH)).toFixed(4)}, ${((performance.now() - start) / 1000).toFixed(0)} s`,
        );
        loss = 0;
      }
    }
  }
}

/** Fisher-Yates. */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
}

const [folder, epochs = "3"] = process.argv.slice(2);
if (folder === undefined || !(Number(epochs) > 0))
  throw new RangeError("Give the folder to write model.onnx into, and perhaps the number of epochs");
const layers = mnistLayers();
train(layers, loadMnist("train"), Number(epochs));
// The file has float32: what is measured is what is shipped.
for (const { values } of parametersOf(layers)) values.set(new Float32Array(values));
const test = loadMnist("test");
console.log(`${countCorrect(layers, test.images, test.labels, test.labels.length)} of ${test.labels.length} test images correct`);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "model.onnx"), mnistModel(layers));
