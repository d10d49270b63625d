/** How kernels begin: what the compiler has to enable, memory and the grid. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "./features.ts";
import { grid, LANES } from "./grid.wgsl.ts";
import { memory } from "./memory.wgsl.ts";

export type { Features, Kernel } from "./features.ts";
export { LANES } from "./grid.wgsl.ts";

/** `lanes`: invocations of a workgroup. */
export const base = (f: Features, lanes: number = LANES): string => wgsl`
#if ${f.subgroup > 0 && f.enableSubgroups}
enable subgroups;
diagnostic(off, subgroup_uniformity);
#endif
${memory(f)}
${grid(lanes)}`;
