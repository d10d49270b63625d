/** Time of every kernel on the device, by timestamps around each dispatch. Dispatches then have a pass each, so that a proof takes longer as a whole. */
import { MAP_READ, USAGE } from "./gpu.ts";

/** Dispatches of one batch at most. */
const CAPACITY = 1024;
const BYTES = 16 * CAPACITY;

export interface KernelTime {
  readonly kernel: string;
  readonly dispatches: number;
  readonly milliseconds: number;
}

export class Profile {
  readonly #device: GPUDevice;
  readonly #times = new Map<string, { dispatches: number; nanoseconds: number }>();
  readonly #pending: Promise<void>[] = [];
  #batch: { readonly queries: GPUQuerySet; readonly names: string[] } | null = null;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** What the pass of the next dispatch has to carry. */
  pass(kernel: string): GPUComputePassDescriptor {
    this.#batch ??= { queries: this.#device.createQuerySet({ type: "timestamp", count: 2 * CAPACITY }), names: [] };
    const { queries, names } = this.#batch;
    const first = 2 * names.length;
    names.push(kernel);
    return { timestampWrites: { querySet: queries, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 } };
  }

  /** Records how the batch's timestamps come back; call the result once the commands are submitted. */
  resolve(encoder: GPUCommandEncoder): () => void {
    const batch = this.#batch;
    this.#batch = null;
    if (batch === null) return () => undefined;
    const resolved = this.#device.createBuffer({ size: BYTES, usage: USAGE.queryResolve | USAGE.copySource });
    const staging = this.#device.createBuffer({ size: BYTES, usage: USAGE.mapRead | USAGE.copyTarget });
    encoder.resolveQuerySet(batch.queries, 0, 2 * batch.names.length, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, BYTES);
    return () => {
      this.#pending.push(
        staging.mapAsync(MAP_READ).then(() => {
          const stamps = new BigUint64Array(staging.getMappedRange());
          batch.names.forEach((name, k) => this.#add(name, Number((stamps[2 * k + 1] ?? 0n) - (stamps[2 * k] ?? 0n))));
          staging.destroy();
          resolved.destroy();
          batch.queries.destroy();
        }),
      );
    };
  }

  /** Times since the last call, the longest first. */
  async take(): Promise<KernelTime[]> {
    await Promise.all(this.#pending.splice(0));
    const rows = [...this.#times].map(([kernel, t]) => ({ kernel, dispatches: t.dispatches, milliseconds: t.nanoseconds / 1e6 }));
    this.#times.clear();
    return rows.sort((a, b) => b.milliseconds - a.milliseconds);
  }

  #add(name: string, nanoseconds: number): void {
    const time = this.#times.get(name) ?? { dispatches: 0, nanoseconds: 0 };
    time.dispatches++;
    time.nanoseconds += nanoseconds;
    this.#times.set(name, time);
  }
}
