/** Expressions as straight-line steps and constants: the steps make the text of a kernel, the constants are parameters. */
import type { Step } from "../../../shaders/integer/map.wgsl.ts";
import type { Expression } from "../../tensor/integers.ts";

export interface Program {
  readonly steps: readonly Step[];
  readonly constants: readonly number[];
  /** The step of every expression. */
  readonly outputs: readonly number[];
}

const programs = new WeakMap<readonly Expression[], Program>();

/** The steps of several expressions; what they share is computed once. A list that is given again is known. */
export function programOf(expressions: readonly Expression[]): Program {
  const program = programs.get(expressions) ?? translate(expressions);
  programs.set(expressions, program);
  return program;
}

function translate(expressions: readonly Expression[]): Program {
  const steps: Step[] = [];
  const constants: number[] = [];
  const known = new Map<Expression, number>();
  const place = (value: number): number => constants.push(value) - 1;
  const stepOf = (e: Expression): Step => {
    switch (e.kind) {
      case "cell":
      case "inside":
        return { kind: e.kind, view: e.view };
      case "index":
        return { kind: "index", of: e.of };
      case "constant":
        return { kind: "constant", constant: place(e.value) };
      case "quotient": {
        const bits = Math.log2(e.by);
        const value = visit(e.of);
        if (Number.isInteger(bits)) return { kind: "shift", value, constant: place(bits) };
        return { kind: "divide", value, constant: place(e.by) };
      }
      case "entry":
        return { kind: "entry", value: visit(e.index), table: e.table };
      default:
        return { kind: e.kind, left: visit(e.left), right: visit(e.right) };
    }
  };
  const visit = (e: Expression): number => {
    let step = known.get(e);
    if (step === undefined) {
      const made = stepOf(e);
      step = steps.push(made) - 1;
      known.set(e, step);
    }
    return step;
  };
  return { outputs: expressions.map(visit), steps, constants };
}

/** Whether a loop index itself is used. */
export function usesIndex(program: Program): boolean {
  return program.steps.some((step) => step.kind === "index");
}
