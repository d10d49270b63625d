/** A segmented key in figures: what each segment commits to and costs, and the proven bits of all together. */
import { estimateProofBytes } from "../security/size.ts";
import { prepareSegments, type SegmentedKey } from "../segments/key.ts";
import { inputShape } from "../statement/encoding.ts";
import { cellsOf } from "../system/types.ts";
import { shapeOf } from "../verifier/plan.ts";
import { prepareKey } from "../verifier/verify.ts";
import { formOf } from "./keys.ts";
import { aligned, printable, size, table } from "./output.ts";

export interface SegmentFigures {
  readonly model: string;
  readonly modelId: string;
  /** Of the model that a statement takes at most. */
  readonly positions: number;
  readonly bits: number;
  readonly segments: readonly {
    readonly weightCells: number;
    readonly witnessCells: number;
    readonly incomingCells: number;
    readonly outgoingCells: number;
    readonly expectedProofBytes: number;
    readonly bits: number;
  }[];
}

/** The figures of a segmented key. */
export function segmentFigures(key: SegmentedKey): SegmentFigures {
  const { id, bits } = prepareSegments(key);
  const segments = key.segments.map((segment) => {
    const { lookups, constraints, layouts, soundness } = prepareKey(segment).plan;
    const { system, parameters } = segment;
    const cells = (kind: string) => system.columns.reduce((n, c) => (c.kind === kind ? n + cellsOf(c.shape) : n), 0);
    const shape = { ...shapeOf(system, lookups, constraints), widths: layouts.map((l) => l.width) };
    return {
      weightCells: cells("weight"),
      witnessCells: cells("witness"),
      incomingCells: cells("incoming"),
      outgoingCells: cells("outgoing"),
      expectedProofBytes: estimateProofBytes(shape, parameters),
      bits: soundness.bits,
    };
  });
  return { model: key.name, modelId: id, positions: inputShape(formOf(key).input)[0] ?? 0, bits, segments };
}

/** The figures for people. */
export function segmentsText(figures: SegmentFigures, bytes: number): string {
  return [
    aligned([
      ["model", printable(figures.model)],
      ["model id", figures.modelId],
      ["key", `${size(bytes)}, ${figures.segments.length} segments`],
      ["statement", `tokens (${figures.positions} positions) -> the tokens that follow`],
      ["security", `${figures.bits.toFixed(2)} proven bits, over all segments`],
    ]),
    "",
    table(
      ["segment", "weight cells", "witness cells", "incoming", "outgoing", "proof, expected", "bits"],
      figures.segments.map((s, i) => [
        `${i + 1}`,
        ...[s.weightCells, s.witnessCells, s.incomingCells, s.outgoingCells].map(String),
        size(s.expectedProofBytes),
        s.bits.toFixed(2),
      ]),
    ),
  ].join("\n");
}
