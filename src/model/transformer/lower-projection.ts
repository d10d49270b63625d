/** Products with a layer's weights (SPEC §12.2): out of a normalised value, and back onto the residual stream. */
import { onesOn, term } from "../../system/builder.ts";
import type { Frame, Place } from "./frame.ts";
import { type AxisName, TRACE_AXES, type TraceName } from "./layout.ts";
import type { IntegerMatrix } from "./program.ts";

/** A value as a sum of columns with coefficients. */
export type Limbs = readonly (readonly [coefficient: number, name: TraceName])[];

type NamedMatrix = IntegerMatrix & { readonly name: string };

/** sum_c W_oc y_c + 2^(s-1) = 2^s out_o + rest_o, y normalised at a place of the layer. */
export function lowerProjection(
  frame: Frame,
  { name, weight, shift }: NamedMatrix,
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
    term(2 ** (shift - 1), [], onesOn(axes)),
    ...out.map(([coefficient, column]) => term(-coefficient * 2 ** shift, [frame.on(column)])),
    term(-1, [frame.on(rest)]),
  ]);
}

/** state_after - state_before = round(sum_k W_ck x_k / 2^s). */
export function lowerResidual(
  frame: Frame,
  { name, weight, shift }: NamedMatrix,
  [before, after]: readonly [Place, Place],
  inputs: readonly AxisName[],
  x: Limbs,
  rest: TraceName,
): void {
  frame.unsigned(shift, rest);
  const axes = frame.axes(...TRACE_AXES[rest]);
  const matrix = frame.weight(`${name} weight`, weight, "layers", "width", ...inputs);
  frame.builder.constraint(name, axes, [
    ...x.map(([coefficient, column]) => term(coefficient, [matrix, frame.on(column)])),
    term(2 ** (shift - 1), [], onesOn(axes)),
    ...frame.state(2 ** shift, frame.site(before)),
    ...frame.state(-(2 ** shift), frame.site(after)),
    term(-1, [frame.on(rest)]),
  ]);
}
