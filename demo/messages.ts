/** What the page says to its proving and its verifying worker, and what they say. A run is one press of Prove; its number is in every message. */
import type { Output, Progress, Proven, Statement, VerifyCode } from "../src/index.ts";

export const MODEL_NAMES = ["lande", "mnist-small"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];
export type BackendName = "cpu" | "webgpu";

/** Before the prover's own phases: opening the backend, once; fetching the network and committing to its weights, once per network. */
export type Preparation = "open" | "load" | "key";

export interface Job {
  readonly model: ModelName;
  /** A sentence, or 784 grey values from 0 to 255. */
  readonly input: string | Float32Array;
  readonly backend: BackendName;
  /** URL of the folder of bundled models. */
  readonly models: string;
}

/** What a finished run gives. */
export interface Made {
  readonly proof: Uint8Array<ArrayBuffer>;
  /** The verifying key's bytes, made here from the network's weights. */
  readonly key: Uint8Array<ArrayBuffer>;
  readonly id: string;
  readonly output: Output;
  readonly report: Proven["report"];
  /** Seconds of what was prepared in this run; what was there already is missing. */
  readonly prepared: Readonly<Partial<Record<Preparation, number>>>;
  /** Why the CPU took over from the GPU, if it did. */
  readonly fallback: string | undefined;
}

export type Request =
  | { readonly kind: "prove"; readonly run: number; readonly job: Job }
  | { readonly kind: "cancel"; readonly run: number };

export type Reply =
  | { readonly kind: "prepare"; readonly run: number; readonly preparation: Preparation }
  | { readonly kind: "progress"; readonly run: number; readonly progress: Progress }
  | { readonly kind: "made"; readonly run: number; readonly made: Made }
  | { readonly kind: "failed"; readonly run: number; readonly message: string };

export interface CheckRequest {
  readonly run: number;
  /** The key's model id, and its bytes. */
  readonly id: string;
  readonly key: Uint8Array;
  readonly proof: Uint8Array;
}

export type CheckReply =
  | { readonly kind: "accepted"; readonly run: number; readonly statement: Statement; readonly seconds: number }
  | { readonly kind: "rejected"; readonly run: number; readonly code: VerifyCode; readonly path: string }
  | { readonly kind: "failed"; readonly run: number; readonly message: string };
