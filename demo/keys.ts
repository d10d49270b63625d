/** The verifying keys that this page knows: those of the two networks, those dropped, those made by its prover. */
import { decodeKey, modelId, type VerifyingKey } from "../src/verify.ts";
import { MODEL_NAMES } from "./messages.ts";

/** First bytes of a key file. */
const MAGIC = "ccvk";

export interface KnownKey {
  readonly key: VerifyingKey;
  readonly bytes: Uint8Array;
}

export class Keys {
  readonly #byId = new Map<string, KnownKey>();
  #bundled: Promise<void> | undefined;

  /** Adds a key from its bytes; returns its model id. @throws SyntaxError if these are no key */
  add(bytes: Uint8Array): string {
    const key = decodeKey(bytes);
    const id = modelId(key);
    if (!this.#byId.has(id)) this.#byId.set(id, { key, bytes });
    return id;
  }

  get(id: string): KnownKey | undefined {
    return this.#byId.get(id);
  }

  /** Fetches the keys of the bundled networks, once. @throws Error if the page's host does not give them */
  async bundled(): Promise<void> {
    this.#bundled ??= this.#fetch().catch((error: unknown) => {
      this.#bundled = undefined;
      throw error;
    });
    await this.#bundled;
  }

  async #fetch(): Promise<void> {
    for (const name of MODEL_NAMES) {
      const response = await fetch(`keys/${name}.vk`);
      if (!response.ok) throw new Error(`Cannot fetch the key of ${name}: ${response.status} ${response.statusText}`);
      this.add(new Uint8Array(await response.arrayBuffer()));
    }
  }
}

export function isKey(bytes: Uint8Array): boolean {
  return [...MAGIC].every((c, i) => bytes[i] === c.charCodeAt(0));
}
