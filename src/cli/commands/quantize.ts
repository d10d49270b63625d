/** `circlet quantize`: a float network as integers, and a folder that the other commands take. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type AccuracyReport, formatAccuracy } from "../../model/accuracy.ts";
import { type FloatModel, importModel, type Model, quantizeModel } from "../../model/build.ts";
import { type ModelDescription, parseDescription } from "../../model/description.ts";
import { writeProgram } from "../../model/manifest.ts";
import type { QuantizationBits } from "../../model/quantize.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import { blaming, UsageError } from "../failure.ts";
import { kindOf, readBytes, reason, writeWhole } from "../files.ts";
import { breathe, type Io } from "../io.ts";
import { calibrated, measured } from "../measure.ts";
import type { JsonOption } from "../options.ts";
import { print, printable } from "../output.ts";
import { type CalibrationNote, nodesText, quantizedNodes, scalesText } from "../quantized.ts";
import { ownSamples, samplesFor } from "../samples.ts";
import { loading, openSource } from "../source.ts";
import { isTransformer } from "../transformers.ts";

/** What is not of the quantizer's bits. */
interface OtherFlags extends JsonOption {
  readonly output?: string;
  readonly name?: string;
  readonly exponent?: number;
  readonly range?: readonly [number, number];
  readonly divisor?: number;
  readonly labels?: string;
  readonly samples?: string;
  /** True and false are --calibrate and --no-calibrate. */
  readonly calibrate?: boolean;
  readonly percentile?: number;
  /** False with --no-search. */
  readonly search?: boolean;
  readonly limit?: number;
}

export interface QuantizeFlags extends OtherFlags, Omit<QuantizationBits, "exponents"> {}

/** Samples to calibrate on where it is not said how many. */
const CALIBRATION_SAMPLES = 200;
/** Samples of the accuracy report where it is not said how many. */
const REPORTED = 500;

export async function quantizeCommand(source: string, flags: QuantizeFlags, io: Io): Promise<void> {
  if (await isTransformer(source)) return (await import("./quantize-tokens.ts")).quantizeTokensCommand(source, flags, io);
  if (flags.search === false) throw new UsageError("usage", "--no-search is for a language model");
  const { output } = flags;
  if (output !== undefined && !["folder", null].includes(await kindOf(output)))
    throw new UsageError("file", `Cannot write the folder ${output}: there is a file of this name`);
  const given = await described(source, flags);
  const { onnx, description } = await openSource(source, given && { description: given });
  const float = await loading(source, () => importModel(onnx, description));
  await breathe(io.signal);
  const bits = { ...description.quantization, ...bitsOf(flags) };
  const [exponents, calibration] = await exponentsFor(float, bits, flags, io);
  const quantization: QuantizationBits = { ...bits, ...(exponents && { exponents }) };
  const model = await loading(source, () => quantizeModel(float, quantization));
  await breathe(io.signal);
  const samples = flags.samples === undefined ? await ownSamples(float, "measure") : await samplesFor(float, flags.samples, "measure");
  const report = samples && (await measured(model, samples, (calibration ? undefined : samples.wanted) ?? flags.limit ?? REPORTED, io));
  const accuracy = report && { ...report, ...(calibration && { calibration }) };
  const nodes = quantizedNodes(model, exponents ?? {}, report);
  if (output !== undefined) {
    const recipe = { ...description, ...(Object.keys(quantization).length > 0 && { quantization }) };
    await writeFolder(output, model, onnx, recipe, accuracy);
  }
  print(
    io,
    flags,
    {
      model: model.name,
      ...(output !== undefined && { folder: output }),
      quantization,
      nodes,
      notes: model.graph.notes,
      calibration,
      accuracy: report,
    },
    () =>
      [
        nodesText(nodes),
        ...model.graph.notes.map((note) => printable(note)),
        "",
        scalesText(nodes, calibration, report),
        "",
        report
          ? formatAccuracy(report)
          : `Accuracy was not measured: there are no samples for ${printable(model.name)}. Give --samples <file.json>.`,
        ...(output === undefined ? [] : ["", `written: ${output}`]),
      ].join("\n"),
  );
}

/** The exponents of the description, or from samples if that is asked for. */
async function exponentsFor(
  float: FloatModel,
  bits: QuantizationBits,
  flags: QuantizeFlags,
  io: Io,
): Promise<[exponents: QuantizationBits["exponents"], note: CalibrationNote | null]> {
  const { percentile = 100, samples: given } = flags;
  if (!(flags.calibrate ?? given !== undefined)) {
    if (flags.percentile !== undefined) throw new UsageError("usage", "--percentile is for a calibration: give --calibrate or --samples");
    return [bits.exponents, null];
  }
  const samples = await samplesFor(float, given, "calibrate");
  const margin = percentile < 100 ? 1 : 1.25;
  const limit = samples.wanted ?? (given === undefined ? CALIBRATION_SAMPLES : samples.count);
  const [calibration, count] = await calibrated(float, samples, limit, io);
  return [
    calibration.exponents({ bits, percentile, margin }),
    { samples: `${count} of ${samples.count} ${samples.name}`, percentile, margin },
  ];
}

/** The description that the flags make, for an ONNX file without one. */
async function described(source: string, flags: OtherFlags): Promise<ModelDescription | undefined> {
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

function bitsOf({ tableBits, activationBits, logitBits, weightBits }: QuantizeFlags): QuantizationBits {
  return Object.fromEntries(Object.entries({ tableBits, activationBits, logitBits, weightBits }).filter(([, v]) => v !== undefined));
}

/** The sources, from which everyone gets the same integers, the integers themselves, and the report. */
async function writeFolder(
  folder: string,
  model: Model,
  onnx: Uint8Array,
  description: ModelDescription,
  accuracy: AccuracyReport | null,
): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("file", `Cannot write the folder ${folder}: ${reason(error)}`);
  });
  const { manifest, weights } = writeProgram(model.program);
  await writeWhole(join(folder, "program.json"), manifest);
  await writeWhole(join(folder, "program.weights"), weights);
  await writeWhole(join(folder, "model.onnx"), onnx);
  await writeWhole(join(folder, "model.json"), `${JSON.stringify(description, null, 1)}\n`);
  if (accuracy === null) return;
  await writeWhole(join(folder, "accuracy.json"), `${JSON.stringify(accuracy, null, 1)}\n`);
  await writeWhole(join(folder, "accuracy.txt"), `${formatAccuracy(accuracy)}\n`);
}
