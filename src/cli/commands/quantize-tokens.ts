/** `circlet quantize` for a language model: chooses scales on texts, shows them, writes the recipe that other commands take. */
import { basename, join, resolve } from "node:path";
import { sampleTexts } from "../../model/transformer/load.ts";
import { lowerTransformer } from "../../model/transformer/lower.ts";
import type { TransformerProgram } from "../../model/transformer/program.ts";
import { quantizeTransformer } from "../../model/transformer/quantize.ts";
import { RECIPE_FILE, type Recipe, recipeOf } from "../../model/transformer/recipe.ts";
import { PASSAGE } from "../../model/transformer/sample-texts.ts";
import { searchScales } from "../../model/transformer/search.ts";
import { constraintInterval } from "../../system/bounds.ts";
import { UsageError } from "../failure.ts";
import { checkWritable, kindOf, writeWhole } from "../files.ts";
import { shellWord } from "../invocation.ts";
import { breathe, type Io } from "../io.ts";
import type { JsonOption } from "../options.ts";
import { aligned, print, printable, table } from "../output.ts";
import { textsOf } from "../texts.ts";
import { isGguf, openFloat, recipeOfGguf, recipePlace } from "../transformers.ts";

export interface QuantizeTokensOptions extends JsonOption {
  readonly output?: string;
  readonly samples?: string;
  readonly name?: string;
  /** False with --no-search. */
  readonly search?: boolean;
}

/** Flags of networks with classes. */
const OTHERS = {
  exponent: "--exponent",
  range: "--range",
  divisor: "--divisor",
  labels: "--labels",
  tableBits: "--table-bits",
  activationBits: "--activation-bits",
  logitBits: "--logit-bits",
  weightBits: "--weight-bits",
  calibrate: "--calibrate",
  percentile: "--percentile",
  limit: "--limit",
} as const;
/** Tokens of a text. */
const MOST = 256;
/** Accumulators of models with larger embeddings are not listed. */
const MOST_LISTED = 2 ** 24;

export async function quantizeTokensCommand(
  source: string,
  options: QuantizeTokensOptions & Partial<Record<keyof typeof OTHERS, unknown>>,
  io: Io,
): Promise<void> {
  for (const [flag, word] of Object.entries(OTHERS))
    if (options[flag as keyof typeof OTHERS] !== undefined)
      throw new UsageError("usage", `${word.replace("--calibrate", "--[no-]calibrate")} is for networks of ONNX files`);
  const { output, samples } = options;
  const path = output === undefined ? undefined : await recipePath(source, output);
  if (path !== undefined) await checkWritable(path);
  const open = await openFloat(source, io);
  const { transformer, tokenizer } = open;
  const name = options.name ?? open.name;
  const isEncoder = transformer.config.output === "mean";
  const most = Math.min(MOST, transformer.config.context);
  const texts = samples === undefined ? sampleTexts(transformer, tokenizer) : await textsOf(samples, tokenizer, isEncoder, most);
  io.stderr.write(`chooses scales on ${texts.length} texts ...\n`);
  await breathe(io.signal);
  const chosen = options.search === false ? 1 : undefined;
  const { scales, error, tried } = await searchScales(
    transformer,
    name,
    texts,
    async (count, best) => {
      io.stderr.write(`${count} choices of bits, error ${(100 * best).toFixed(3)} %\n`);
      await breathe(io.signal);
    },
    chosen,
  );
  const tokens = texts.reduce((n, text) => n + text.length, 0);
  const recipe = recipeOf(name, scales, { texts: texts.length, tokens, error });
  if (path !== undefined) await writeWhole(path, `${JSON.stringify(recipe)}\n`);
  const isListed = transformer.config.vocabulary * transformer.config.width <= MOST_LISTED;
  const filling = isListed ? fillingOf(quantizeTransformer(transformer, scales, name), Math.min(16, transformer.config.context)) : null;
  print(io, options, { model: name, ...(path !== undefined && { recipe: path }), tried, ...recipe, filling }, () =>
    [
      aligned([
        ["model", printable(name)],
        ["texts", `${texts.length}, ${tokens} tokens${samples === undefined ? `: sample texts ("${PASSAGE.slice(0, 15)}" ...)` : ""}`],
        ["error", `${(100 * error).toFixed(3)} % of the outputs' deviation, the best of ${tried} choices`],
        ...scaleRows(recipe),
      ]),
      "",
      filling === null
        ? "The model is too large to list its accumulators."
        : table(
            ["constraint", "bits"],
            filling.map(({ constraint, bits }) => [constraint, bits.toFixed(2)]),
          ),
      ...(path === undefined ? [] : ["", `written: ${path}, ${usedBy(source, path)}`]),
    ].join("\n"),
  );
}

/** A recipe's file: as given, or in a given folder, by the name under which it is looked for there. */
async function recipePath(source: string, output: string): Promise<string> {
  if ((await kindOf(output)) !== "folder") return output;
  return join(output, isGguf(source) ? recipeOfGguf(basename(source)) : RECIPE_FILE);
}

/** How other commands come to a recipe. */
function usedBy(source: string, path: string): string {
  const place = recipePlace(source);
  if (place !== null && resolve(place) === resolve(path)) return `which all commands on ${printable(source)} now use`;
  return `for commands with --recipe ${shellWord(path)}`;
}

function scaleRows({ scales }: Recipe): (readonly [string, string])[] {
  const outliers = scales.channelShifts.filter((k) => k > 0).length;
  return [
    [
      "residual stream",
      `${scales.residualBits} bits, 2^-${scales.residualExponents[0]} to 2^-${scales.residualExponents.at(-1)}${outliers > 0 ? `, ${outliers} channels coarser` : ""}`,
    ],
    ["normalised", `${scales.normBits} bits, 2^-${scales.normExponent}`],
    ["queries, keys", `up to ${scales.queryLimit}`],
    ["values", `${scales.valueBits} bits`],
    ["gates", `${scales.gateBits} bits, 2^-${scales.gateExponent}`],
    ["hidden", `${scales.feedBits} bits`],
  ];
}

/** How many bits the left side of each constraint can have, of 31: accumulators are filled where it is nearly that. */
function fillingOf(program: TransformerProgram, positions: number): { readonly constraint: string; readonly bits: number }[] {
  const { built } = lowerTransformer(program, positions);
  return built.system.constraints
    .filter(({ name }) => !name.startsWith("limbs of"))
    .map((constraint) => {
      const [low, high] = constraintInterval(built.system, built.weights, constraint, built.lengths);
      return { constraint: constraint.name, bits: Math.log2(Math.max(1, Math.abs(low), Math.abs(high))) };
    });
}
