/** Wall time, processor time and memory of a process. */

export interface Lap<T> {
  readonly value: T;
  readonly ms: number;
  /** Of all threads. */
  readonly processorMs: number;
}

export async function laps<T>(work: () => Promise<T>): Promise<Lap<T>> {
  const before = process.cpuUsage();
  const start = performance.now();
  const value = await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { value, ms, processorMs: (user + system) / 1000 };
}

/** The lap of the least wall time. */
export function best<T>(all: readonly Lap<T>[]): Lap<T> {
  return all.reduce((a, b) => (b.ms < a.ms ? b : a));
}

/** The most memory that this process has held until now. */
export function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** With three digits after the point. */
export function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
