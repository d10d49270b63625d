/** The operations of the transcript's program: the sponge's own, and the steps that it can run on few entries. */
import { combine } from "../columns/combine.wgsl.ts";
import { copy } from "../columns/copy.wgsl.ts";
import { fill } from "../columns/fill.wgsl.ts";
import { lift } from "../columns/lift.wgsl.ts";
import { place } from "../columns/place.wgsl.ts";
import { fold } from "../line/fold.wgsl.ts";
import { addFractions } from "../lookup/add-fractions.wgsl.ts";
import { fractionRound } from "../lookup/fraction-round.wgsl.ts";
import { bind } from "../multilinear/bind.wgsl.ts";
import { contractColumns } from "../multilinear/contract-columns.wgsl.ts";
import { eq } from "../multilinear/eq.wgsl.ts";
import { outer } from "../multilinear/outer.wgsl.ts";
import { sumProduct } from "../multilinear/sum-product.wgsl.ts";
import { sumSegments } from "../multilinear/sum-segments.wgsl.ts";
import type { Step, SumStep } from "../step.ts";
import { innerRound } from "../sumcheck/inner-round.wgsl.ts";
import { productRound } from "../sumcheck/product-round.wgsl.ts";

/** Codes of the sponge's operations. */
export const OPERATION = {
  end: 0,
  reset: 1,
  reduce: 2,
  begin: 3,
  inline: 4,
  column: 5,
  close: 6,
  draw: 7,
  nonce: 8,
  constants: 9,
  monomials: 10,
} as const;
/** The code of the first step. */
const FIRST_STEP = 16;
/** No tape. */
export const NONE = 0xffffffff;

const products = new Map<number, SumStep>();

/** The product round of a degree, made once: a kernel is known by its identity. */
export function productRoundOfDegree(degree: number): SumStep {
  const known = products.get(degree) ?? productRound(degree);
  products.set(degree, known);
  return known;
}

/** A kernel for programs with some of the steps: one with all of them would take long to compile. */
export interface Family {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly sums: readonly SumStep[];
}

const COLUMNS = [copy, fill, lift];
const EVALUATIONS = [place, contractColumns, sumSegments];

/** The product rounds that programs run; those of other degrees are kernels only. */
const DEGREES = [2, 3, 4];

/** The smaller first: a program takes the first one that has its steps. */
export const FAMILIES: readonly Family[] = [
  { name: "sponge", steps: COLUMNS, sums: [] },
  { name: "evaluations", steps: [...COLUMNS, ...EVALUATIONS, eq, outer], sums: [sumProduct] },
  { name: "look-ups", steps: [...COLUMNS, addFractions, bind, eq, outer], sums: [fractionRound] },
  { name: "opening", steps: [...COLUMNS, bind, fold, combine, eq, outer], sums: [sumProduct, innerRound] },
  ...DEGREES.map((d) => ({ name: `constraints of degree ${d}`, steps: [...COLUMNS, bind], sums: [sumProduct, productRoundOfDegree(d)] })),
];

const codes = new Map<Step, number>(
  [...new Set(FAMILIES.flatMap((f): Step[] => [...f.steps, ...f.sums]))].map((s, k) => [s, FIRST_STEP + k]),
);

/** The code of a step; undefined if no program can run it. */
export function codeOf(step: Step): number | undefined {
  return codes.get(step);
}

/** Whether the kernel of a family can run a step. */
export function hasStep(family: Family, step: Step): boolean {
  return family.steps.includes(step) || family.sums.some((s) => s === step);
}
