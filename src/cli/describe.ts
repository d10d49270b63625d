/** A verifying key in figures: what it proves, its parameters, the argument's sizes, proven bits by error source. */
import { modelId, type VerifyingKey } from "../proof/key.ts";
import { estimateProofBytes } from "../security/size.ts";
import type { ErrorSource, Parameters } from "../security/types.ts";
import { inputShape } from "../statement/encoding.ts";
import { bitsOf } from "../system/types.ts";
import { committedCells, shapeOf } from "../verifier/plan.ts";
import { prepareKey } from "../verifier/verify.ts";
import { aligned, printable, size, table } from "./output.ts";

export interface KeyFigures {
  readonly model: string;
  readonly modelId: string;
  readonly suite: string;
  readonly bytes: number;
  readonly input: { readonly kind: string; readonly shape: readonly number[]; readonly exponent: number };
  readonly classes: number;
  readonly system: {
    readonly columns: number;
    readonly constraints: number;
    readonly lookups: number;
    readonly tables: number;
    readonly weightCells: number;
    readonly witnessCells: number;
  };
  readonly parameters: Parameters;
  readonly rounds: {
    readonly lookupLayers: number;
    readonly constraint: number;
    readonly constraintDegree: number;
    readonly openingRows: number;
    readonly openingColumns: number;
    readonly openingCommitments: number;
  };
  readonly claims: number;
  readonly expectedProofBytes: number;
  readonly bits: number;
  readonly sources: readonly ErrorSource[];
}

/** The figures of a key of `bytes` bytes. */
export function keyFigures(key: VerifyingKey, bytes: number): KeyFigures {
  const { lookups, constraints, layouts, soundness } = prepareKey(key).plan;
  const { system, parameters } = key;
  const shape = { ...shapeOf(system, lookups, constraints), widths: layouts.map((l) => l.width) };
  const [weightCells = 0, witnessCells = 0] = committedCells(system);
  return {
    model: key.name,
    modelId: modelId(key),
    suite: key.suite,
    bytes,
    input: {
      kind: key.input.kind === "ngrams" ? "text" : key.input.kind,
      shape: inputShape(key.input),
      exponent: key.input.kind === "tokens" ? 0 : key.input.exponent,
    },
    classes: key.output.labels.length,
    system: {
      columns: system.columns.length,
      constraints: system.constraints.length,
      lookups: system.lookups.length,
      tables: system.tables.length,
      weightCells,
      witnessCells,
    },
    parameters,
    rounds: {
      lookupLayers: lookups.bits,
      constraint: constraints.rounds,
      constraintDegree: constraints.degree,
      openingRows: parameters.rowBits,
      openingColumns: Math.max(...layouts.map((l) => l.columnBits)),
      openingCommitments: bitsOf(layouts.length),
    },
    claims: shape.claims,
    expectedProofBytes: estimateProofBytes(shape, parameters),
    bits: soundness.bits,
    sources: soundness.sources,
  };
}

/** Whether an input is the tokens of a language model. */
function isOfTokens(kind: string): boolean {
  return kind === "tokens" || kind === "embedding";
}

/** The figures for people. */
export function keyText(key: KeyFigures): string {
  const { parameters, system, rounds } = key;
  const { lookup, fold, query } = parameters.grinding;
  return [
    aligned([
      ["model", printable(key.model)],
      ["model id", key.modelId],
      ["key", `${size(key.bytes)}, suite ${key.suite}`],
      [
        "statement",
        `${key.input.kind} (${key.input.shape.join("x")} ${isOfTokens(key.input.kind) ? "positions" : "cells"}) -> ${key.input.kind === "tokens" ? "the tokens that follow" : key.input.kind === "embedding" ? "their embedding" : `one of ${key.classes} classes`}`,
      ],
      ["system", `${system.columns} columns, ${system.constraints} constraints, ${system.lookups} look-ups in ${system.tables} tables`],
      ["committed", `${system.weightCells} weight cells, ${system.witnessCells} witness cells`],
      [
        "rounds",
        `${rounds.lookupLayers} look-up layers, ${rounds.constraint} constraint rounds of degree ${rounds.constraintDegree}, ${rounds.openingColumns} + ${rounds.openingCommitments} + ${rounds.openingRows} opening rounds`,
      ],
      ["claims", `${key.claims} evaluations`],
      [
        "commitment",
        `2^${parameters.rowBits} rows, rate 1/${2 ** parameters.blowup}, folds ${parameters.folds.join(" ") || "none"}, final message 2^${parameters.finalBits}, ${parameters.queries} queries`,
      ],
      ["grinding", `${lookup} bits before look-ups, ${fold} before folds, ${query} before queries`],
      ["proof", `about ${size(key.expectedProofBytes)} expected`],
      ["security", `${key.bits.toFixed(2)} proven bits (${parameters.regime}), the sum of:`],
    ]),
    "",
    table(
      ["error source", "bits"],
      key.sources.map((source) => [source.name, source.bits.toFixed(2)]),
    ),
  ].join("\n");
}
