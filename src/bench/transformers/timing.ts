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

/** The least of several laps, of each kind of time for itself: other work on the machine only ever adds to either. */
export interface Least {
  readonly ms: number;
  /** Of all threads. */
  readonly processorMs: number;
  readonly laps: number;
}

export function leastOf(all: readonly Lap<unknown>[]): Least {
  return {
    ms: rounded(Math.min(...all.map((lap) => lap.ms))),
    processorMs: rounded(Math.min(...all.map((lap) => lap.processorMs))),
    laps: all.length,
  };
}

/** As many laps as `forMs` has room for after one that warms up, within bounds. */
export async function repeated<T>(work: () => Promise<T>, forMs: number, least: number, most: number): Promise<Lap<T>[]> {
  const { ms: first } = await laps(work);
  const count = Math.min(most, Math.max(least, Math.floor(forMs / first)));
  const all = [];
  for (let k = 0; k < count; k++) all.push(await laps(work));
  return all;
}

/** The most memory that this process has held until now. */
export function peakMiB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** With three digits after the point. */
export function rounded(value: number): number {
  return Math.round(1000 * value) / 1000;
}
