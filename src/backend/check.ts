/** Checks of the backend contract that every host backend shares: a violation is a bug of the caller within circlet. */
import { InternalError } from "../errors.ts";

/** @throws InternalError with `what` unless `condition` */
export function ensure(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InternalError(what);
}

/** Product of sizes. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((n, size) => n * size, 1);
}

/** ceil(log2 size), 0 for sizes up to 1. */
export function log2ceil(size: number): number {
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1);
}

/** log2 of a power of two. @throws InternalError for any other number */
export function exactLog2(size: number, what: string): number {
  ensure(size >= 1 && Number.isInteger(Math.log2(size)), `${what} (${size}) is not a power of two`);
  return log2ceil(size);
}
