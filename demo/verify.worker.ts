/** The verifying worker: the verifier and nothing else. It keeps the keys it was given, since a key's first use costs more than the others. */
import { decodeKey, VerifyError, type VerifyingKey, verify } from "../src/verify.ts";
import type { CheckReply, CheckRequest } from "./messages.ts";

const port = globalThis as unknown as { postMessage(reply: CheckReply): void; onmessage: (event: MessageEvent<CheckRequest>) => void };
const keys = new Map<string, VerifyingKey>();

port.onmessage = ({ data: { run, id, key: bytes, proof } }) => {
  const start = performance.now();
  try {
    const key = keys.get(id) ?? decodeKey(bytes);
    keys.set(id, key);
    const statement = verify(key, proof);
    port.postMessage({ kind: "accepted", run, statement, seconds: (performance.now() - start) / 1000 });
  } catch (error) {
    if (error instanceof VerifyError) port.postMessage({ kind: "rejected", run, code: error.code, path: error.path });
    else port.postMessage({ kind: "failed", run, message: error instanceof Error ? error.message : String(error) });
  }
};
