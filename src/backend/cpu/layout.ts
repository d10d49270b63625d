/** Addresses at the beginning of the linear memory; everything from HEAP on belongs to the heap. */

/** Job control (see pool.ts). */
export const CONTROL = 0x400;
/** Poseidon2's 142 round constants. */
export const CONSTANTS = 0x1000;
/** SCRATCH_BYTES for each thread. */
export const SCRATCH = 0x10000;
export const SCRATCH_BYTES = 2048;
export const MAX_THREADS = 32;
/** Operands of the current call. */
export const PARAMETERS = 0x20000;
export const PARAMETERS_BYTES = 0x8000;
export const HEAP = 0x30000;
export const PAGE = 0x10000;
