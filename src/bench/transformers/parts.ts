/** Parts of proofs in the groups that figures are given in. */
import type { ProofPart } from "../../proof/sizes.ts";

/** Group -> whether a part belongs to it; the first that takes it has it. */
const GROUPS: readonly (readonly [string, (part: string) => boolean])[] = [
  ["weight rows and paths", (part) => part.startsWith("weight ")],
  ["witness rows and paths", (part) => /^witness (leaves|paths)$/.test(part)],
  ["folded layers", (part) => part.startsWith("folded")],
  ["final message", (part) => part === "final message"],
  ["look-ups", (part) => /^(lookup|leaf)/.test(part)],
  ["constraints", (part) => /^constra|^const/.test(part)],
  ["all else", () => true],
];

export const GROUP_NAMES = GROUPS.map(([name]) => name);

/** Bytes of every group, in the order of `GROUP_NAMES`. */
export function groupedBytes(parts: readonly ProofPart[]): number[] {
  const sums = GROUPS.map(() => 0);
  for (const { part, bytes } of parts) {
    const k = GROUPS.findIndex(([, takes]) => takes(part));
    sums[k] = (sums[k] ?? 0) + bytes;
  }
  return sums;
}
