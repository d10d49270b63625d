/** `circlet/cpu`: the backend on WebAssembly SIMD and threads, for Node, Deno and browsers. */
export { cpuBackend } from "./backend/cpu/index.ts";
