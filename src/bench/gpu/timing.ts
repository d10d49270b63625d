/** Time of one call among many that are queued together and waited for once: the wait's own time is measured and taken off. */

/** Queued calls should last this long together. */
const TARGET_SECONDS = 0.06;
const REPEATS = 5;
const MOST_CALLS = 2 ** 14;
/** Repeats stop after this long. */
const LONGEST_SECONDS = 2;

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError("median of nothing");
  return middle;
}

export interface Timing {
  /** Seconds a call, median of the repeats. */
  readonly seconds: number;
  /** Calls that were waited for together. */
  readonly calls: number;
  readonly repeats: number;
}

/** Times `run(calls)`, which queues so many calls and waits for the last; run(0) only waits. */
export async function perCall(run: (calls: number) => Promise<void>): Promise<Timing> {
  const time = async (calls: number): Promise<number> => {
    const start = performance.now();
    await run(calls);
    return (performance.now() - start) / 1000;
  };
  await time(1); // compiles
  const idle = Math.min(await time(0), await time(0), await time(0)); // other work on the machine only adds
  let calls = 1;
  let seconds = await time(calls);
  while (seconds - idle < TARGET_SECONDS && calls < MOST_CALLS) {
    const wanted = (1.2 * TARGET_SECONDS * calls) / Math.max(seconds - idle, 1e-6);
    calls = Math.min(MOST_CALLS, Math.max(2 * calls, Math.min(8 * calls, Math.ceil(wanted))));
    seconds = await time(calls);
  }
  const samples = [seconds];
  for (let total = seconds; samples.length < REPEATS && total + seconds < LONGEST_SECONDS; ) {
    const sample = await time(calls);
    samples.push(sample);
    total += sample;
  }
  return { seconds: Math.max(median(samples) - idle, 1e-9) / calls, calls, repeats: samples.length };
}
