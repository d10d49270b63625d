/** Counting what is asked of the device. */
import type { DeviceCounters } from "../backend.ts";

export type Counters = { -readonly [K in keyof DeviceCounters]: number };

export function noCounts(): Counters {
  return { submissions: 0, dispatches: 0, readBacks: 0, bytesUp: 0, bytesDown: 0 };
}
