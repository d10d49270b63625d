/** What the text of a kernel depends on. Everything else goes in as parameters of a dispatch. */
export interface Features {
  /** Pages of device memory that are bound, at least 1. */
  readonly slots: number;
  /** log2 of the elements (16 bytes) of a page. */
  readonly pageBits: number;
  /** Whether the compiler knows u64 (Deno's own WebGPU with `wgpu-shader-int64`). */
  readonly u64: boolean;
  /** Size of the smallest subgroup, a power of two, at least 4; 0 where subgroup operations cannot be used. */
  readonly subgroup: number;
  /** Invocations of the one workgroup that runs the transcript: many on a GPU, few on a CPU, where each has its stack. */
  readonly transcriptLanes: number;
  /** Whether subgroup operations have to be enabled in the text (Tint wants it, naga refuses it). */
  readonly enableSubgroups: boolean;
}

/** A kernel: its text as a function of the features. Every kernel has one entry point, `main`. */
export interface Kernel {
  readonly name: string;
  readonly text: (features: Features) => string;
}
