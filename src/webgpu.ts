/** `circlet/webgpu`: the backend on WebGPU, for browsers and workers, Node and Deno. */
export { type WebGpuBackend, type WebGpuOptions, webgpuBackend } from "./backend/webgpu/index.ts";
