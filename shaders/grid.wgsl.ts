/** The flat index of a workgroup: the host makes a grid of two dimensions where one would pass 65,535. LANES invocations a workgroup. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

/** Invocations in a workgroup of every kernel but those that say otherwise. */
export const LANES = 64;

export const grid = (lanes: number): string => wgsl`
// grid
const LANES = ${lanes}u;
fn flat_group(group: vec3u, groups: vec3u) -> u32 { return group.y * groups.x + group.x; }
fn group_count(groups: vec3u) -> u32 { return groups.x * groups.y; }`;
