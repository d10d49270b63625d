/** A proof with what its making took: seconds by phase, what the device was asked for, and a check by the host. */
import type { Backend, DeviceCounters } from "../backend/backend.ts";
import type { VerifyingKey } from "../proof/key.ts";
import { prepareKey } from "../verifier/verify.ts";
import { checkProof } from "./check.ts";
import type { WeightData } from "./commit.ts";
import { type Assignment, type Phase, type Progress, proveSystem } from "./prove.ts";

export interface ProofReport {
  /** Seconds by phase. */
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly bytes: number;
  readonly bits: number;
  /** The backend that it was computed on. */
  readonly backend: string;
  /** What was asked of that backend's device between start and end; null where the host itself computed. */
  readonly device: DeviceCounters | null;
  /** Seconds that the check took; null if none was asked for. */
  readonly checked: number | null;
}

export interface ReportedOptions {
  readonly backend: Backend;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Whether a phase lasts until the device has done its work, so that progress and times by phase are the device's; else phases queue work and the last one
   * waits for all of it, which takes a little less time (default: false).
   */
  readonly awaitPhases?: boolean;
  /** Whether the host replays the finished proof, as a verifier does, so that a faulty device is found out (default: false). */
  readonly check?: boolean;
}

/** Proves an assignment, whose making is part of the first phase. @throws the signal's reason if aborted; DeviceError if the backend cannot, or if its proof does not stand the check */
export async function proveReported(
  backend: Backend,
  verifying: VerifyingKey,
  weights: WeightData,
  assignment: () => Assignment,
  options: ReportedOptions,
): Promise<{ readonly proof: Uint8Array; readonly report: ProofReport }> {
  const clock = new PhaseClock();
  const before = { ...backend.counters };
  const onProgress = (progress: Progress) => {
    clock.enter(progress.phase);
    options.onProgress?.(progress);
  };
  options.signal?.throwIfAborted();
  onProgress({ phase: "witness", done: 0, total: 1 });
  const { signal, awaitPhases } = options;
  const proof = await proveSystem(verifying, weights, assignment(), { backend, signal, onProgress, awaitPhases });
  const seconds = clock.stop();
  const device = backend.counters === undefined ? null : countsSince(before, backend.counters);
  const checked = options.check === true ? timed(() => checkProof(verifying, proof, backend.name)) : null;
  const { bits } = prepareKey(verifying).plan.soundness;
  return { proof, report: { seconds, bytes: proof.length, bits, backend: backend.name, device, checked } };
}

/** Does `work` on the backend, or on those that it stands for. */
export function onDevice<T>(backend: Backend, work: (backend: Backend) => Promise<T>): Promise<T> {
  return backend.attempt === undefined ? work(backend) : backend.attempt(work);
}

function countsSince(before: Partial<DeviceCounters>, now: DeviceCounters): DeviceCounters {
  const since = (count: keyof DeviceCounters): number => now[count] - (before[count] ?? 0);
  return {
    submissions: since("submissions"),
    dispatches: since("dispatches"),
    readBacks: since("readBacks"),
    bytesUp: since("bytesUp"),
    bytesDown: since("bytesDown"),
  };
}

/** Seconds that `work` takes. */
function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

/** Adds up the time between changes of phase. */
class PhaseClock {
  readonly #seconds: Record<Phase, number> = { witness: 0, commit: 0, "look up": 0, constrain: 0, open: 0 };
  #phase: Phase = "witness";
  #since = performance.now();

  enter(phase: Phase): void {
    const now = performance.now();
    this.#seconds[this.#phase] += (now - this.#since) / 1000;
    this.#phase = phase;
    this.#since = now;
  }

  stop(): Readonly<Record<Phase, number>> {
    this.enter(this.#phase);
    return this.#seconds;
  }
}
