/** How kernels begin: memory and the grid. */
import type { Features } from "./features.ts";
import { grid } from "./grid.wgsl.ts";
import { memory } from "./memory.wgsl.ts";

export type { Features, Kernel } from "./features.ts";
export { LANES } from "./grid.wgsl.ts";

export const base = (f: Features): string => `${memory(f)}\n${grid}`;
