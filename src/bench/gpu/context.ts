/** What every part of the GPU bench gets: its options, where its rows go, and how much time is left to it. */
import type { Provider } from "../../backend/webgpu/gpu.ts";
import type { RawDevice } from "./device.ts";

/** One measurement: names, sizes and figures, with units in the keys. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface Options {
  readonly provider: Provider;
  /** Sizes that a CPU adapter does in minutes. */
  readonly small: boolean;
  /** Seconds that a part may take before it leaves out what is left. */
  readonly budget: number;
}

/** Rates of the adapter, measured once by whoever asks first: what kernels are compared with. */
export interface Rates {
  /** Bytes read and written a second by a plain copy that moves about so many bytes. */
  copy(bytes: number): Promise<number>;
  /** M31 products a second, the best variant. */
  products(): Promise<number>;
}

export interface Context {
  readonly options: Options;
  readonly raw: RawDevice;
  readonly rates: Rates;
  /** Adds a row to the part's table. */
  add(row: Row): void;
  /** A progress line. */
  log(text: string): void;
  /** Seconds left to this part; not above 0: leave the rest out, and say so with `skip`. */
  left(): number;
  /** Whether time is up; if so, records that `what` was left out. */
  skip(what: string): boolean;
}

export interface Part {
  readonly name: string;
  readonly run: (context: Context) => Promise<void>;
}

/** An error with its causes, for a row. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? String(error) : `${error}; because ${describeError(error.cause)}`;
}

/** 4 significant digits, for tables: figures keep no noise. */
export function round(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
