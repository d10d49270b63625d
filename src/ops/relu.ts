/** Relu of a value that no accumulator precedes: y = max(0, q), q the value shifted to fit the table. */
import { term } from "../system/builder.ts";
import { viewOf } from "../tensor/integers.ts";
import { leafOf, logicalAxes, type NodeBase, type Operator, only } from "./operator.ts";
import { lowerRounding, type Rounding, roundOn, roundTrace } from "./requantize.ts";

export interface ReluNode extends NodeBase {
  readonly kind: "relu";
  readonly rounding: Rounding;
}

/** The operator of every node that only requantizes its input and looks it up. */
export const lookedUp: Operator<NodeBase & { readonly rounding: Rounding }> = {
  shape: (node, inputs) => [...only(node, inputs)],
  run(node, inputs) {
    const x = only(node, inputs);
    return roundTrace(node, node.rounding, x.shape, x.data);
  },
  compute(device, node, inputs) {
    const { shape, cells } = only(node, inputs);
    return roundOn(device, node.rounding, shape, [viewOf(cells, shape)]);
  },
  lower(builder, node, inputs) {
    const x = only(node, inputs);
    const lengths = x.dimensions.map((indices) => indices.length);
    return lowerRounding(builder, node, node.rounding, logicalAxes(x), lengths, [term(1, [leafOf(x)])], x.exponent);
  },
};

export const relu: Operator<ReluNode> = lookedUp;
