/**
 * Function tables: round(f(q 2^-i) 2^o) over every q, committed in the key and looked up. Tables are computed in integers only.
 */
import { ModelError } from "../errors.ts";
import { fixed, gelu, geluTanh, roundFixed, sigmoid, silu, tanh } from "./fixed.ts";

const relu = (x: bigint): bigint => (x > 0n ? x : 0n);

const FUNCTIONS = { sigmoid, tanh, gelu, "gelu-tanh": geluTanh, silu, relu } as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** A function over rounded inputs. */
export interface FunctionTable {
  readonly function: FunctionName;
  /** The table's input q stands for q 2^-inputExponent. */
  readonly inputExponent: number;
  readonly outputExponent: number;
}

/** A name that differs where the table does. */
export function functionTableName(table: FunctionTable): string {
  return `${table.function} 2^-${table.inputExponent} to 2^-${table.outputExponent}`;
}

const computed = new Map<string, Int32Array>();

/** Weights are below this. */
const MOST_VALUE = 2 ** 30;

/** The outputs for q = -2^(bits-1) .. 2^(bits-1) - 1. Do not change the array. @throws ModelError if one is no weight */
export function functionValues(table: FunctionTable, bits: number): Int32Array {
  const key = `${functionTableName(table)} ${bits}`;
  let values = computed.get(key);
  if (!values) {
    const f = FUNCTIONS[table.function];
    const half = 2 ** (bits - 1);
    values = Int32Array.from({ length: 2 * half }, (_, i) => {
      const value = roundFixed(f(fixed(i - half, table.inputExponent)), table.outputExponent);
      if (Math.abs(value) >= MOST_VALUE)
        throw new ModelError(`The table ${functionTableName(table)} reaches ${value}, too large for a word`);
      return value;
    });
    computed.set(key, values);
  }
  return values;
}
