/** Every option of the kernels' text, for tests that walk KERNELS. */
import type { Features } from "./features.ts";

export interface Variant {
  readonly label: string;
  readonly features: Features;
}

/** One and several pages, each way to multiply. @param u64 false where the compiler has no 64-bit integers */
export function variants(u64 = true): Variant[] {
  return [1, 3].flatMap((slots) =>
    (u64 ? [false, true] : [false]).map((wide) => ({
      label: `${slots === 1 ? "one page" : `${slots} pages`}${wide ? " and u64" : ""}`,
      features: { slots, pageBits: 16, u64: wide },
    })),
  );
}
