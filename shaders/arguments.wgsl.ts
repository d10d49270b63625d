/** The arguments of a dispatch as a list of words: argument(k). In the transcript's program the same list holds many operations, one after the other. */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";

export const argumentList = wgsl`
// arguments
struct Parameters { list: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
fn argument(k: u32) -> u32 { return parameters.list[k]; }`;
