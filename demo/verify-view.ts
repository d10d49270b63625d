/** Verifying: files chosen or dropped, and the verdict with what was shown, or the code and the sentence of the rejection. */
import { VERIFY_CODES, VerifyError } from "../src/verify.ts";
import { check, type Verdict } from "./check.ts";
import { byId, element, seconds } from "./dom.ts";
import { isKey, type Keys } from "./keys.ts";
import { statementView } from "./statement.ts";

export class VerifyView {
  readonly #keys: Keys;
  readonly #verdict = byId("verdict");
  readonly #flip = byId<HTMLButtonElement>("flip");
  /** The last proof that was accepted or made. */
  #last: Uint8Array | undefined;

  constructor(keys: Keys) {
    this.#keys = keys;
    const input = byId<HTMLInputElement>("files");
    const drop = byId("drop");
    input.addEventListener("change", () => {
      void this.#take([...(input.files ?? [])]);
      input.value = ""; // the same file may be chosen again
    });
    for (const kind of ["dragenter", "dragover", "dragleave", "drop"] as const) {
      document.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
        if (kind === "drop") void this.#take([...(event.dataTransfer?.files ?? [])]);
      });
    }
    this.#flip.addEventListener("click", () => void this.#tamper());
  }

  /** The proof that can be tampered with. */
  offer(proof: Uint8Array): void {
    this.#last = proof;
    this.#flip.hidden = false;
  }

  /** Keys first, then the proof. */
  async #take(files: readonly File[]): Promise<void> {
    const contents = await Promise.all(files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
    try {
      for (const { bytes } of contents)
        if (isKey(bytes)) this.#show(element("p", { textContent: `Key added: model id ${this.#keys.add(bytes)}` }));
    } catch (error) {
      this.#show(element("p", { className: "problem", textContent: `This key cannot be read: ${(error as Error).message}` }));
      return;
    }
    const proof = contents.find(({ bytes }) => !isKey(bytes));
    if (proof && (await this.#judge(proof.bytes, proof.name))) this.offer(proof.bytes);
  }

  async #tamper(): Promise<void> {
    if (!this.#last) return;
    const bytes = this.#last.slice();
    const bit = Math.floor(Math.random() * 8 * bytes.length);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    await this.#judge(bytes, `The last proof with bit ${bit} of ${8 * bytes.length} flipped`);
  }

  /** Shows the verdict; true if accepted. */
  async #judge(proof: Uint8Array, name: string): Promise<boolean> {
    try {
      this.#show(...accepted(await check(proof, this.#keys), name));
      return true;
    } catch (error) {
      this.#show(...rejected(error, name));
      return false;
    }
  }

  #show(...parts: Node[]): void {
    this.#verdict.replaceChildren(...parts);
  }
}

function accepted({ statement, key, seconds: time }: Verdict, name: string): Node[] {
  return [
    element("p", { className: "verdict good" }, element("strong", { textContent: "Accepted" }), ` ${name}, in ${seconds(time)}`),
    element("p", { className: "statement" }, ...statementView(key, statement)),
    element(
      "p",
      { className: "hint" },
      `${statement.bits.toFixed(1)} proven bits; model id `,
      element("code", { textContent: statement.modelId }),
    ),
  ];
}

function rejected(error: unknown, name: string): Node[] {
  if (!(error instanceof VerifyError))
    return [element("p", { className: "problem", textContent: `Cannot verify ${name}: ${(error as Error).message}` })];
  const parts: Node[] = [
    element("p", { className: "verdict bad" }, element("strong", { textContent: "Rejected" }), ` ${name}`),
    element("p", { className: "statement" }, element("code", { textContent: error.code }), ` ${VERIFY_CODES[error.code]}.`),
  ];
  if (error.code === "statement/key")
    parts.push(
      element("p", {
        className: "hint",
        textContent: "It names a key that this page does not have. If it is a proof of another network, drop its key file along with it.",
      }),
    );
  return parts;
}
