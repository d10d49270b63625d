/** The operators, by the kind of their nodes. */
import { type ActivationNode, activation } from "./activation.ts";
import { type AddNode, add } from "./add.ts";
import { type ArgMaxNode, argmax } from "./argmax.ts";
import { type AveragePoolNode, averagepool } from "./averagepool.ts";
import { type ConvNode, conv } from "./conv.ts";
import { type MatMulNode, matmul } from "./matmul.ts";
import { type MaxPoolNode, maxpool } from "./maxpool.ts";
import type { NodeBase, Operator } from "./operator.ts";
import { type ReluNode, relu } from "./relu.ts";
import { type ReshapeNode, reshape, type TransposeNode, transpose } from "./reshape.ts";

/** A node of an integer program. */
export type IntegerNode =
  | ActivationNode
  | AddNode
  | ArgMaxNode
  | AveragePoolNode
  | ConvNode
  | MatMulNode
  | MaxPoolNode
  | ReluNode
  | ReshapeNode
  | TransposeNode;

const OPERATORS: { readonly [K in IntegerNode["kind"]]: Operator<Extract<IntegerNode, { kind: K }>> } = {
  activation,
  add,
  argmax,
  averagepool,
  conv,
  matmul,
  maxpool,
  relu,
  reshape,
  transpose,
};

/** The operator of a node. */
export function operatorOf(node: IntegerNode): Operator<IntegerNode & NodeBase> {
  return OPERATORS[node.kind] as unknown as Operator<IntegerNode>;
}
