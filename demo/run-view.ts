/** A run as the visitor sees it: progress bar, stage in words, and what screen readers are told (stages, not steps). */
import { PHASES, type Phase, type Progress } from "../src/index.ts";
import { byId } from "./dom.ts";
import type { Preparation } from "./messages.ts";

const PREPARATIONS: Readonly<Record<Preparation, string>> = {
  open: "Starting the backend, compiling its kernels",
  load: "Fetching the network",
  key: "Committing to its weights",
};

/** What happens in each phase, one clause. */
export const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  witness: "Running the network",
  commit: "Committing to its values",
  "look up": "Proving the look-ups",
  constrain: "Proving the constraints",
  open: "Opening the commitments",
};

export class RunView {
  readonly #bar = byId<HTMLProgressElement>("bar");
  readonly #stage = byId("stage");
  readonly #announce = byId("announce");
  readonly #cancel = byId<HTMLButtonElement>("cancel");
  readonly #start = byId<HTMLButtonElement>("start");
  readonly #problem = byId("problem");
  readonly #proof = byId("proof");

  start(): void {
    this.#problem.hidden = true;
    this.#proof.ariaBusy = "true"; // what it shows is of the run before
    byId("progress").hidden = false;
    this.#bar.value = 0;
    this.#say("Starting");
    const focused = document.activeElement === this.#start;
    this.#cancel.hidden = false;
    this.#start.hidden = true;
    if (focused) this.#cancel.focus();
  }

  prepare(preparation: Preparation): void {
    this.#say(PREPARATIONS[preparation]);
  }

  progress({ phase, done, total }: Progress): void {
    const part = (PHASES.indexOf(phase) + (total > 0 ? Math.min(1, done / total) : 0)) / PHASES.length;
    this.#bar.value = Math.max(this.#bar.value, part);
    if (this.#stage.dataset.phase !== phase) this.#say(PHASE_WORDS[phase], phase);
  }

  /** Back to rest; `message` is what screen readers hear. */
  stop(message: string): void {
    byId("progress").hidden = true;
    const focused = document.activeElement === this.#cancel;
    this.#start.hidden = false;
    this.#cancel.hidden = true;
    if (focused) this.#start.focus();
    this.#announce.textContent = message;
  }

  /** What the page shows is of the last run. */
  settle(): void {
    this.#proof.ariaBusy = "false";
  }

  fail(message: string): void {
    this.stop("");
    this.complain(message);
  }

  complain(message: string): void {
    this.#problem.textContent = message;
    this.#problem.hidden = false;
  }

  #say(words: string, phase = ""): void {
    this.#stage.textContent = words;
    this.#stage.dataset.phase = phase;
    this.#announce.textContent = words;
  }
}
