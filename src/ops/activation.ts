/** Sigmoid, Tanh, Gelu and Silu of a value that no accumulator precedes: rounded to the table's input scale, then looked up. */
import type { NodeBase, Operator } from "./operator.ts";
import { lookedUp } from "./relu.ts";
import type { Rounding } from "./requantize.ts";

export interface ActivationNode extends NodeBase {
  readonly kind: "activation";
  readonly rounding: Rounding;
}

export const activation: Operator<ActivationNode> = lookedUp;
