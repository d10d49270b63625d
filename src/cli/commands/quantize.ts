/** `circlet quantize`: a float network as integers, and a folder that the other commands take. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ModelDescription, parseDescription } from "../../model/description.ts";
import type { Model } from "../../model/load.ts";
import { writeProgram } from "../../model/manifest.ts";
import { exponentsOf } from "../../model/program.ts";
import type { QuantizationBits } from "../../model/quantize.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { blaming, UsageError } from "../failure.ts";
import { kindOf, readBytes, reason, writeWhole } from "../files.ts";
import { breathe, type Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { print, printable, table } from "../output.ts";
import { openModel, readLocation } from "../source.ts";

export interface QuantizeFlags extends JsonOption, QuantizationBits {
  readonly output?: string;
  readonly name?: string;
  readonly exponent?: number;
  readonly range?: readonly [number, number];
  readonly divisor?: number;
  readonly labels?: string;
}

export async function quantizeCommand(source: string, options: QuantizeFlags, io: Io): Promise<void> {
  if (options.output !== undefined && !["folder", null].includes(await kindOf(options.output)))
    throw new UsageError("file", `Cannot write the folder ${options.output}: there is a file of this name`);
  const read = new Map<string, Uint8Array>();
  const remember = async (location: string) => {
    const bytes = await readLocation(location);
    read.set(location.endsWith(".onnx") ? "onnx" : "description", bytes);
    return bytes;
  };
  const given = await described(source, options);
  const bits = bitsOf(options);
  const model = await openModel(source, { read: remember, ...(given && { description: given }), ...(bits && { bits }) });
  await breathe(io.signal);
  const nodes = nodesOf(model);
  if (options.output !== undefined) {
    const description = given ?? parseDescription(decodeUtf8(read.get("description") ?? new Uint8Array()));
    await writeFolder(
      options.output,
      model,
      read.get("onnx") ?? new Uint8Array(),
      bits ? { ...description, quantization: bits } : description,
    );
  }
  print(
    io,
    options,
    { model: model.name, ...(options.output !== undefined && { folder: options.output }), nodes, notes: model.graph.notes },
    () =>
      [
        table(
          ["node", "kind", "cells", "weight exponent", "shift", "bits", "exponent"],
          nodes.map((n) => [
            printable(n.name),
            n.kind,
            `${n.cells}`,
            show(n.weightExponent),
            show(n.shift),
            show(n.bits),
            show(n.exponent),
          ]),
        ),
        ...model.graph.notes.map((note) => printable(note)),
        ...(options.output === undefined ? [] : [`written: ${options.output}`]),
      ].join("\n"),
  );
}

const show = (value: number | null): string => (value === null ? "" : `${value}`);

/** One row a node: its integers stand for value 2^-exponent. */
function nodesOf({ program, compiled }: Model) {
  const exponents = exponentsOf(program);
  const sizes = compiled.run({
    shape: program.input.shape,
    data: new Int32Array(sizeOf(program.input.shape)).fill(program.input.range[0]),
  }).values;
  return program.nodes.map((node) => ({
    name: node.name,
    kind: node.kind,
    cells: sizes.get(node.output)?.data.length ?? 0,
    weightExponent: "weightExponent" in node ? node.weightExponent : null,
    shift: "rounding" in node ? node.rounding.shift : null,
    bits: "rounding" in node ? node.rounding.bits : null,
    exponent: exponents.get(node.output) ?? null,
  }));
}

/** The description that the flags make, for an ONNX file without one. */
async function described(source: string, flags: QuantizeFlags): Promise<ModelDescription | undefined> {
  const { name, exponent, range, divisor, labels } = flags;
  if ([name, exponent, range, divisor, labels].every((flag) => flag === undefined)) return undefined;
  if (exponent === undefined || range === undefined)
    throw new UsageError("usage", "To describe a model give at least --exponent and --range");
  const list =
    labels === undefined
      ? undefined
      : decodeUtf8(await readBytes(labels, "labels"))
          .split(/\r?\n/)
          .filter((line) => line !== "");
  const text = JSON.stringify({
    name: name ?? source.replace(/^.*[\\/](?=.)|\.onnx$/gi, ""),
    input: { kind: "tensor", exponent, range, ...(divisor !== undefined && { divisor }) },
    ...(list && { labels: list }),
  });
  return blaming(
    "model",
    (message) => message.replace(/^model\.json: /, "The description is wrong: "),
    () => parseDescription(text),
  );
}

function bitsOf({ tableBits, activationBits, logitBits, weightBits }: QuantizeFlags): QuantizationBits | undefined {
  const bits = Object.fromEntries(Object.entries({ tableBits, activationBits, logitBits, weightBits }).filter(([, v]) => v !== undefined));
  return Object.keys(bits).length > 0 ? bits : undefined;
}

/** The sources, from which everyone gets the same integers, and the integers themselves. */
async function writeFolder(folder: string, model: Model, onnx: Uint8Array, description: ModelDescription): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("file", `Cannot write the folder ${folder}: ${reason(error)}`);
  });
  const { manifest, weights } = writeProgram(model.program);
  await writeWhole(join(folder, "program.json"), manifest);
  await writeWhole(join(folder, "program.weights"), weights);
  await writeWhole(join(folder, "model.onnx"), onnx);
  await writeWhole(join(folder, "model.json"), `${JSON.stringify(description, null, 1)}\n`);
}
