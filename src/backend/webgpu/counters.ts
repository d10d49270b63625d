/** What was asked of the device: a proof should be a few submissions and read-backs. */
export interface Counters {
  submissions: number;
  dispatches: number;
  readBacks: number;
  bytesUp: number;
  bytesDown: number;
}

export function noCounts(): Counters {
  return { submissions: 0, dispatches: 0, readBacks: 0, bytesUp: 0, bytesDown: 0 };
}
