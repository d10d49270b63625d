/** The file of measurements that plots are drawn from: one a machine and day. */
import type { DecoderRow } from "./decoder.ts";
import type { Gpt2Row } from "./gpt2.ts";

/** When a process was measured, of which commit, and how busy the machine was: means of a minute, the measured process included in the second. */
export interface Measured {
  readonly measured: {
    readonly at: string;
    readonly commit: string | null;
    readonly loadBefore: number | null;
    readonly loadAfter: number | null;
  };
}

export interface Report {
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly runtime: string;
    readonly note: string | null;
  };
  readonly decoders: readonly (DecoderRow & Measured)[];
  /** Null until it is measured. */
  readonly gpt2: (Gpt2Row & Measured) | null;
}
