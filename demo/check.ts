/** Verifies a proof's bytes against the keys that the page knows, in a worker of its own, so that the page never waits. */
import { idOf } from "../src/proof/key.ts";
import { decodeProof } from "../src/proof/proof.ts";
import { type Statement, VerifyError, type VerifyingKey } from "../src/verify.ts";
import type { Keys } from "./keys.ts";
import type { CheckReply, CheckRequest } from "./messages.ts";

export interface Verdict {
  readonly statement: Statement;
  readonly key: VerifyingKey;
  readonly seconds: number;
}

let worker: Worker | undefined;
let runs = 0;

/** @throws VerifyError if the proof is rejected, with statement/key where no known key has the digest that it names; Error if the keys cannot be fetched */
export async function check(proof: Uint8Array, keys: Keys): Promise<Verdict> {
  const id = idOf(decodeProof(proof).key);
  const known = keys.get(id) ?? (await keys.bundled().then(() => keys.get(id)));
  if (!known) throw new VerifyError("statement/key", "key digest");
  const reply = await ask({ run: ++runs, id, key: known.bytes, proof });
  if (reply.kind === "rejected") throw new VerifyError(reply.code, reply.path);
  if (reply.kind === "failed") throw new Error(reply.message);
  return { statement: reply.statement, key: known.key, seconds: reply.seconds };
}

function ask(request: CheckRequest): Promise<CheckReply> {
  worker ??= new Worker(new URL("./verify.worker.ts", import.meta.url), { type: "module" });
  const port = worker;
  return new Promise((resolve, reject) => {
    const listeners = new AbortController();
    port.addEventListener(
      "message",
      ({ data }: MessageEvent<CheckReply>) => {
        if (data.run !== request.run) return;
        listeners.abort();
        resolve(data);
      },
      listeners,
    );
    port.addEventListener(
      "error",
      (event) => {
        listeners.abort();
        worker = undefined;
        reject(new Error(event.message || "The verifying worker could not be loaded"));
      },
      listeners,
    );
    port.postMessage(request);
  });
}
