/** Options that several commands share. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Regime } from "../security/types.ts";
import { BACKENDS, type BackendOptions, PROVIDERS } from "./source.ts";

export interface JsonOption {
  readonly json?: boolean;
}

export type BackendFlags = BackendOptions;

export interface SecurityFlags {
  readonly bits?: number;
  readonly regime?: Regime;
}

/** --backend and what goes with one of them. */
export function addBackend(command: Command): Command {
  return command
    .addOption(
      new Option("--backend <name>", "where it is computed; auto is the cpu, a GPU is asked for by webgpu")
        .choices(BACKENDS)
        .default("auto"),
    )
    .option("--threads <n>", "threads of the cpu backend, 1 to 32 (default: the hardware's, at most 8)", integer(1, 32))
    .addOption(
      new Option("--provider <name>", "where WebGPU comes from: the package webgpu (dawn, the default), or Deno itself").choices(PROVIDERS),
    )
    .option("--robustness", "kernels check their bounds (dawn; deno always does)")
    .option("--fallback", "goes on on the cpu backend where the GPU cannot");
}

/** --bits and --regime. */
export function addSecurity(command: Command): Command {
  return command
    .option("--bits <n>", "proven bits to reach, 1 to 120 (default: 100)", number(1, 120))
    .addOption(new Option("--regime <name>", "which proximity bound to count on").choices(["unique-decoding", "johnson"]));
}

/** What `commit` takes of the flags. */
export function targetOf({ bits, regime }: SecurityFlags): SecurityFlags {
  return { ...(bits !== undefined && { bits }), ...(regime !== undefined && { regime }) };
}

/** Segments of one proof, at most. */
const MOST_SEGMENTS = 256;

/** --segments. */
export function addSegments(command: Command, description: string): Command {
  return command.option("--segments <n>", description, integer(1, MOST_SEGMENTS));
}

/** One of several segments, from 0. */
export interface SegmentOf {
  readonly index: number;
  readonly count: number;
}

/** Parses "k/n", k from 1. */
export function segmentOf(text: string): SegmentOf {
  const [, k, n] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (k === undefined || n === undefined || k < 1 || k > n || n > MOST_SEGMENTS)
    throw new InvalidArgumentError(`Want k/n, the k-th of n segments, with k from 1 to n and n at most ${MOST_SEGMENTS}.`);
  return { index: k - 1, count: n };
}

/** Parses an integer in a range. */
export function integer(low: number, high: number): (text: string) => number {
  const parse = number(low, high, "an integer");
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`Want an integer from ${low} to ${high}.`);
    return value;
  };
}

/** Parses "low,high". */
export function integerRange(text: string): readonly [number, number] {
  const match = /^(-?\d+),(-?\d+)$/.exec(text);
  const [low, high] = [Number(match?.[1]), Number(match?.[2])];
  if (!(low <= high && Math.max(-low, high) < 2 ** 30))
    throw new InvalidArgumentError("Want two integers low,high with low <= high, both below 2^30.");
  return [low, high];
}

/** Parses a number in a range. */
export function number(low: number, high: number, what = "a number"): (text: string) => number {
  return (text) => {
    const value = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= low && value <= high)) throw new InvalidArgumentError(`Want ${what} from ${low} to ${high}.`);
    return value;
  };
}
