/** The state of an import: what is known of the file's values so far, and the float nodes made of them. */
import { ModelError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import { type FloatNode, nodeShape } from "../graph.ts";
import type { Attributes } from "./attributes.ts";
import type { GraphProto } from "./proto.ts";
import type { Constant } from "./tensors.ts";

/** Cells of a value, at most: a malformed file cannot ask for more memory than a device has. */
const MAX_CELLS = 2 ** 26;

/** What a converter sees and changes. */
export class ImportContext {
  readonly constants = new Map<string, Constant>();
  /** Shapes without the batch. */
  readonly shapes = new Map<string, Shape>();
  /** Another name for a value. */
  readonly aliases = new Map<string, string>();
  readonly nodes: FloatNode[] = [];
  readonly notes: string[] = [];
  /** 1 if values have a batch dimension in the file. */
  readonly batch: 0 | 1;
  readonly #outputs: ReadonlySet<string>;
  readonly #readers: ReadonlyMap<string, number>;

  constructor(graph: GraphProto, batch: 0 | 1) {
    this.batch = batch;
    this.#outputs = new Set(graph.output.map((o) => o.name));
    const readers = new Map<string, number>();
    for (const name of [...graph.node.flatMap((n) => n.input), ...this.#outputs]) readers.set(name, (readers.get(name) ?? 0) + 1);
    this.#readers = readers;
  }

  /** The name under which a value was made. */
  resolve(name: string): string {
    return this.aliases.get(name) ?? name;
  }

  isOutput(name: string): boolean {
    return this.#outputs.has(name);
  }

  /** How many nodes and outputs of the file read a value, by its name in the file. */
  readersOf(name: string): number {
    return this.#readers.get(name) ?? 0;
  }

  shapeOf(name: string): Shape {
    const shape = this.shapes.get(this.resolve(name));
    if (!shape) throw new ModelError(`The model reads ${name || "an empty name"}, which no node before it makes`);
    return shape;
  }

  /** @throws ModelError if the node's inputs do not fit, or its output has too many cells */
  add(node: FloatNode): void {
    this.define(
      node.output,
      nodeShape(
        node,
        node.inputs.map((i) => this.shapeOf(i)),
      ),
    );
    this.nodes.push(node);
  }

  /** @throws ModelError for more cells than a proof can hold */
  define(value: string, shape: Shape): void {
    if (!(sizeOf(shape) <= MAX_CELLS)) throw new ModelError(`The value ${value} of shape [${shape}] has more than ${MAX_CELLS} cells`);
    this.shapes.set(value, shape);
  }

  alias(name: string, value: string): void {
    const constant = this.constants.get(value);
    if (constant) this.constants.set(name, constant);
    else this.aliases.set(name, this.resolve(value));
  }
}

/** One node of the file, as converters see it. */
export interface SourceNode {
  readonly name: string;
  readonly operator: string;
  readonly input: readonly string[];
  readonly output: string;
  readonly attributes: Attributes;
}
