/**
 * Several backends as one: the first that can be opened, and the next one when its device fails. What failed is done again from the start, since the
 * state of a proof is lost with the device; the proof's bytes are the same on all.
 */
import { DeviceError, InternalError } from "../errors.ts";
import type { Backend, Session } from "./backend.ts";

export type Opener = () => Backend | Promise<Backend>;

/** Told when a backend could not be opened or has failed, and which one takes over, for good. */
export type OnFallback = (error: DeviceError, next: Backend) => void;

/**
 * Opens the first of `openers` that can be opened. `commit` and `prove` turn to the next one where its device fails: no adapter, loss, out of memory.
 * @throws DeviceError if none can be opened
 *
 * @example
 * const backend = await firstBackend([webgpuBackend, cpuBackend], (error, next) => console.warn(`${error.message}; now on ${next.name}`));
 */
export async function firstBackend(openers: readonly Opener[], onFallback: OnFallback): Promise<Backend> {
  const backend = new Succession(openers, onFallback);
  await backend.advance(null);
  return backend;
}

class Succession implements Backend {
  readonly #openers: Opener[];
  readonly #onFallback: OnFallback;
  readonly #opened: Backend[] = [];
  #advancing: Promise<void> | null = null;

  constructor(openers: readonly Opener[], onFallback: OnFallback) {
    this.#openers = [...openers];
    this.#onFallback = onFallback;
  }

  get #current(): Backend {
    const current = this.#opened.at(-1);
    if (current === undefined) throw new InternalError("no backend is open");
    return current;
  }

  get name(): string {
    return this.#current.name;
  }

  get witness(): Backend["witness"] {
    return this.#current.witness;
  }

  get counters(): Backend["counters"] {
    return this.#current.counters;
  }

  open(): Session {
    return this.#current.open();
  }

  async finished(): Promise<void> {
    await this.#current.finished?.();
  }

  /** Failed backends are closed here too: other proofs may still be on their way out of them. */
  async close(): Promise<void> {
    for (const backend of this.#opened.splice(0)) await backend.close();
  }

  async attempt<T>(work: (backend: Backend) => Promise<T>): Promise<T> {
    for (;;) {
      const backend = this.#current;
      try {
        return await work(backend);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        if (backend !== this.#current) continue; // another proof's failure has led on already
        this.#advancing ??= this.advance(error);
        await this.#advancing;
      }
    }
  }

  /** Opens the next backend that can be opened. @throws DeviceError the last reason if there is none */
  async advance(reason: DeviceError | null): Promise<void> {
    let last = reason;
    try {
      for (let open = this.#openers.shift(); open !== undefined; open = this.#openers.shift()) {
        try {
          const next = await open();
          this.#opened.push(next);
          if (last !== null) this.#onFallback(last, next);
          return;
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
          last = error;
        }
      }
      throw last ?? new InternalError("no backend to open");
    } finally {
      this.#advancing = null;
    }
  }
}
