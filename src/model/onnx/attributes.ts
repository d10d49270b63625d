/** The attributes of an ONNX node, by name and type, with their defaults; and the windows that several operators describe with them. */
import { ModelError } from "../../errors.ts";
import type { Window } from "../../ops/window.ts";
import type { AttributeProto, NodeProto, TensorProto } from "./proto.ts";

export class Attributes {
  readonly #node: string;
  readonly #known = new Map<string, AttributeProto>();

  constructor(node: NodeProto, name: string) {
    this.#node = name;
    for (const a of node.attribute) this.#known.set(a.name, a);
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  integer(name: string, otherwise: number): number {
    return this.#known.get(name)?.i ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#known.get(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const value = this.#known.get(name);
    return value ? new TextDecoder().decode(value.s) : otherwise;
  }

  integers(name: string): readonly number[] | null {
    return this.#known.get(name)?.ints ?? null;
  }

  floats(name: string): readonly number[] | null {
    return this.#known.get(name)?.floats ?? null;
  }

  tensor(name: string): TensorProto | null {
    return this.#known.get(name)?.t ?? null;
  }

  /** @throws ModelError unless an attribute has one of these values */
  demand(name: string, value: number | string, allowed: readonly (number | string)[]): void {
    if (!allowed.includes(value)) throw new ModelError(`Node ${this.#node} has ${name} ${value}, circlet admits ${allowed.join(", ")}`);
  }

  /** Two positive integers. */
  pair(name: string, otherwise: readonly [number, number] | null): readonly [number, number] {
    const values = this.integers(name) ?? otherwise;
    const [a, b] = values ?? [];
    if (a === undefined || b === undefined || values?.length !== 2 || !(a > 0 && b > 0))
      throw new ModelError(`Node ${this.#node} needs ${name} to be two positive integers`);
    return [a, b];
  }

  /** The window that kernel_shape, strides, dilations, pads and auto_pad describe, for an input [channels, height, width]. */
  window(input: readonly number[], kernelDefault: readonly [number, number] | null = null): Window {
    if (input.length !== 3)
      throw new ModelError(`Node ${this.#node} slides a window over shape [${input}], circlet admits [channels, height, width]`);
    const kernel = this.pair("kernel_shape", kernelDefault);
    const strides = this.pair("strides", [1, 1]);
    const dilations = this.pair("dilations", [1, 1]);
    const auto = this.text("auto_pad", "NOTSET");
    this.demand("auto_pad", auto, ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]);
    const given = auto === "NOTSET" ? (this.integers("pads") ?? [0, 0, 0, 0]) : [0, 0, 0, 0];
    if (given.length !== 4 || given.some((p) => !(p >= 0)))
      throw new ModelError(`Node ${this.#node} needs pads to be four integers from 0`);
    const before: [number, number] = [given[0]!, given[1]!];
    const after: [number, number] = [given[2]!, given[3]!];
    if (auto.startsWith("SAME")) {
      for (const d of [0, 1] as const) {
        const size = input[d + 1] ?? 0;
        const reach = (kernel[d] - 1) * dilations[d] + 1;
        const total = Math.max(0, (Math.ceil(size / strides[d]) - 1) * strides[d] + reach - size);
        before[d] = auto === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
        after[d] = total - before[d];
      }
    }
    return { kernel, strides, dilations, padsBefore: before, padsAfter: after };
  }
}
