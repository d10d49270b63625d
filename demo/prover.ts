/** The page's side of the proving worker. */
import type { Progress } from "../src/index.ts";
import type { Job, Made, Preparation, Reply, Request } from "./messages.ts";

/** A cancelled worker that has not answered after this time is ended; the next run starts another. */
const PATIENCE_MS = 300;

export interface Watch {
  readonly onPrepare: (preparation: Preparation) => void;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
}

export class Prover {
  #worker: Worker | undefined;
  /** Ends the worker if a cancelled run still occupies it. */
  #evict: (() => void) | undefined;
  #runs = 0;

  /** Runs one job in the worker. @throws the signal's reason at once when it is aborted; Error with the prover's sentence if it fails */
  prove(job: Job, watch: Watch): Promise<Made> {
    this.#evict?.();
    const run = ++this.#runs;
    this.#worker ??= new Worker(new URL("./prove.worker.ts", import.meta.url), { type: "module" });
    const worker = this.#worker;
    const send = (request: Request) => worker.postMessage(request);
    return new Promise((resolve, reject) => {
      const listen = ({ data }: MessageEvent<Reply>) => {
        if (data.run !== run) return;
        if (data.kind === "prepare") return watch.onPrepare(data.preparation);
        if (data.kind === "progress") return watch.onProgress(data.progress);
        settle();
        if (data.kind === "made") resolve(data.made);
        else reject(new Error(data.message));
      };
      const fail = (event: ErrorEvent) => {
        settle();
        this.#end(worker);
        reject(new Error(event.message || "The proving worker could not be loaded"));
      };
      const abort = () => {
        settle();
        reject(watch.signal.reason);
        send({ kind: "cancel", run });
        this.#await(worker, run);
      };
      const settle = () => {
        worker.removeEventListener("message", listen);
        worker.removeEventListener("error", fail);
        watch.signal.removeEventListener("abort", abort);
      };
      worker.addEventListener("message", listen);
      worker.addEventListener("error", fail);
      watch.signal.addEventListener("abort", abort);
      send({ kind: "prove", run, job });
    });
  }

  /** Keeps the worker, with its keys, if it answers to a cancellation soon. */
  #await(worker: Worker, run: number): void {
    const evict = () => {
      done();
      this.#end(worker);
    };
    const answered = ({ data }: MessageEvent<Reply>) => {
      if (data.run === run && (data.kind === "made" || data.kind === "failed")) done();
    };
    const timer = setTimeout(evict, PATIENCE_MS);
    const done = () => {
      clearTimeout(timer);
      worker.removeEventListener("message", answered);
      this.#evict = undefined;
    };
    worker.addEventListener("message", answered);
    this.#evict = evict;
  }

  #end(worker: Worker): void {
    worker.terminate();
    if (this.#worker === worker) this.#worker = undefined;
  }
}
