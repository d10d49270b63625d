/** Every option of the kernels' text, for tests that walk KERNELS. */
import type { Features } from "./features.ts";

export interface Variant {
  readonly label: string;
  readonly features: Features;
}

/** Sizes of the smallest subgroup of CPU and NVIDIA adapters, and none. */
const SUBGROUPS = [0, 4, 32];

/**
 * One and several pages, with and without subgroups, each way to multiply.
 * @param can what the compiler has: 64-bit integers, subgroups, and whether these have to be enabled
 */
export function variants(can: Pick<Features, "u64" | "subgroup" | "enableSubgroups">): Variant[] {
  const sizes = SUBGROUPS.filter((size) => size === 0 || can.subgroup > 0);
  return [1, 3].flatMap((slots) =>
    (can.u64 ? [false, true] : [false]).flatMap((u64) =>
      sizes.map((subgroup) => ({
        label: `${slots === 1 ? "one page" : `${slots} pages`}${u64 ? ", u64" : ""}${subgroup > 0 ? `, subgroups of ${subgroup}` : ""}`,
        features: { slots, pageBits: 16, u64, subgroup, transcriptLanes: slots === 1 ? 256 : 64, enableSubgroups: can.enableSubgroups },
      })),
    ),
  );
}
