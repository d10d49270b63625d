/** Products with a layer's weights (SPEC §12.2): out of a normalised value, and back onto the residual stream. */
import { onesOn, term } from "../../system/builder.ts";
import type { AxisId, Factor, Term } from "../../system/types.ts";
import type { Frame, Place } from "./frame.ts";
import { type AxisName, TRACE_AXES, type TraceName } from "./layout.ts";
import { hasMean, type IntegerMatrix, type Skip } from "./program.ts";

/** A value as a sum of columns with coefficients. */
export type Limbs = readonly (readonly [coefficient: number, name: TraceName])[];

type NamedMatrix = IntegerMatrix & { readonly name: string };

/** sum_c W_oc y_c + b_o + 2^(s-1) = 2^s out_o + rest_o, y normalised at a place of the layer. */
export function lowerProjection(
  frame: Frame,
  { name, weight, bias, shift }: NamedMatrix,
  place: Place,
  outputs: readonly AxisName[],
  out: Limbs,
  rest: TraceName,
): void {
  frame.unsigned(shift, rest);
  const axes = frame.axes(...TRACE_AXES[rest]);
  const matrix = frame.weight(`${name} weight`, weight, "layers", ...outputs, "width");
  frame.builder.constraint(name, axes, [
    term(1, [matrix, frame.on("normed")], [frame.site(place)]),
    ...biasTerms(frame, name, bias, outputs),
    term(2 ** (shift - 1), [], onesOn(axes)),
    ...out.map(([coefficient, column]) => term(-coefficient * 2 ** shift, [frame.on(column)])),
    term(-1, [frame.on(rest)]),
  ]);
}

/**
 * state_after = round((sum_k W_ck x_k + b_c + p_l state_before) / 2^s) with p_l = 2^s unless steps become coarser in the layer; where norms come after, state_after = round of these sums and the state as it was normalised before,
 * gain_c y_c + sum_k mean_k y_k.
 */
export function lowerResidual(
  frame: Frame,
  { name, weight, bias, shift }: NamedMatrix,
  [before, after]: readonly [Place, Place],
  inputs: readonly AxisName[],
  x: Limbs,
  rest: TraceName,
  { skip, factors }: Stream,
): void {
  frame.unsigned(shift, rest);
  const axes = frame.axes(...TRACE_AXES[rest]);
  const matrix = frame.weight(`${name} weight`, weight, "layers", "width", ...inputs);
  frame.builder.constraint(name, axes, [
    ...x.map(([coefficient, column]) => term(coefficient, [matrix, frame.on(column)])),
    ...biasTerms(frame, name, bias, ["width"]),
    term(2 ** (shift - 1), [], onesOn(axes)),
    ...(skip ? skipTerms(frame, name, skip, before) : stateTerms(frame, name, factors, 2 ** shift, frame.site(before))),
    ...frame.state(-(2 ** shift), frame.site(after)),
    term(-1, [frame.on(rest)]),
  ]);
}

/** What of the stream before a part is in its sums: its normalised state, or the state itself, times a factor for each layer where steps become coarser. */
export interface Stream {
  readonly skip: Skip | undefined;
  readonly factors: Int32Array | undefined;
}

/** The state at one place of every layer, times 2^shift or the layer's factor. */
function stateTerms(frame: Frame, name: string, factors: Int32Array | undefined, usual: number, at: Factor): Term[] {
  if (!factors) return frame.state(usual, at);
  const factor = frame.weight(`${name} stream factor`, factors, "layers");
  return frame.state(1, at).map((t) => term(t.coefficient, [factor, ...t.leaves], t.factors));
}

/** b_o at every position. */
function biasTerms(frame: Frame, name: string, bias: Int32Array | undefined, outputs: readonly AxisName[]): Term[] {
  return bias ? [term(1, [frame.weight(`${name} bias`, bias, "layers", ...outputs)], onesOn(frame.axes("positions")))] : [];
}

/** gain_c y_c + sum_k mean_k y_k, y normalised at a place of the layer; without the sum where no mean is lost. */
function skipTerms(frame: Frame, name: string, skip: Skip, place: Place): Term[] {
  const { gain, mean } = skip;
  const at = frame.site(place);
  const own = term(1, [frame.weight(`${name} skip`, gain, "layers", "width"), frame.on("normed")], [at]);
  if (!hasMean(skip)) return [own];
  const means = frame.weight(`${name} skip mean`, mean, "layers", "otherWidth");
  const channels: AxisId[] = frame.axes("width");
  return [own, term(1, [means, frame.on("normed", { width: "otherWidth" })], [at, ...onesOn(channels)])];
}
