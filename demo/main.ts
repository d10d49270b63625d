/** The page: what to prove, where, and what comes of it. */
import { check } from "./check.ts";
import { DigitPad } from "./digit-pad.ts";
import { byId, element, painted, seconds } from "./dom.ts";
import { gpuProblem } from "./gpu.ts";
import { Keys } from "./keys.ts";
import type { BackendName, Job, Made, ModelName } from "./messages.ts";
import { showProof } from "./proof-view.ts";
import { Prover } from "./prover.ts";
import { RunView } from "./run-view.ts";
import { outputName, statementView } from "./statement.ts";
import { VerifyView } from "./verify-view.ts";

const EXAMPLES = [
  "Il gatto dorme tutto il giorno sul divano.",
  "Ég veit ekki hvað ég á að segja.",
  "To be, or not to be, that is the question.",
  "Δεν ξέρω τι να κάνω σήμερα.",
  "Nie wiem, co mam teraz zrobić.",
];

const form = byId<HTMLFormElement>("prove");
const sentence = byId<HTMLTextAreaElement>("sentence");
const pad = new DigitPad(byId("pad"), byId("pen"), byId("seen"));
const view = new RunView();
const keys = new Keys();
const verifier = new VerifyView(keys);
const prover = new Prover();
let running: AbortController | undefined;
/** Why there is no GPU here. */
let noGpu: string | undefined;

const chosen = <T extends string>(name: string): T => String(new FormData(form).get(name)) as T;

function showChoice(): void {
  const digit = chosen<ModelName>("model") === "mnist-small";
  byId("text-input").hidden = digit;
  byId("digit-input").hidden = !digit;
  byId("cpu-note").hidden = crossOriginIsolated || chosen<BackendName>("backend") !== "cpu";
  byId("gpu-note").hidden = noGpu === undefined && chosen<BackendName>("backend") !== "webgpu";
}

/** The input as the network takes it, or a sentence that says what is missing. */
function readInput(model: ModelName): Job["input"] | { readonly missing: string; readonly at: HTMLElement } {
  if (model === "mnist-small") return pad.image() ?? { missing: "Draw a digit first.", at: byId("pad") };
  return sentence.value.trim() === "" ? { missing: "Type a sentence first.", at: sentence } : sentence.value;
}

async function prove(): Promise<void> {
  if (running) return;
  const model = chosen<ModelName>("model");
  const input = readInput(model);
  if (typeof input === "object" && "missing" in input) {
    view.complain(input.missing);
    input.at.focus();
    return;
  }
  const job: Job = { model, input, backend: chosen<BackendName>("backend"), models: new URL("models", document.baseURI).href };
  running = new AbortController();
  view.start();
  try {
    const made = await prover.prove(job, {
      signal: running.signal,
      onPrepare: (preparation) => view.prepare(preparation),
      onProgress: (progress) => view.progress(progress),
    });
    view.stop(`Proven: ${outputName(made.output.label)}`);
    showProof(made, job);
    byId("proof").scrollIntoView({ block: "nearest" });
    await painted();
    await verifyOwn(made);
  } catch (error) {
    if (running.signal.aborted) view.stop("Cancelled");
    else view.fail(`This could not be proven: ${(error as Error).message}`);
  } finally {
    running = undefined;
    view.settle();
  }
}

/** The page does not believe its own prover: what it calls proven is what the verifier accepts, with the key that the page's host gives if it is the same. */
async function verifyOwn({ proof, key, id }: Made): Promise<void> {
  const line = byId("verified");
  try {
    await keys.bundled().catch(() => undefined); // then the key made here is the only one
    const published = keys.get(id) !== undefined;
    keys.add(key);
    const verdict = await check(proof, keys);
    verifier.offer(proof);
    line.className = "verdict good";
    byId("shown").replaceChildren(...statementView(verdict.key, verdict.statement));
    line.replaceChildren(
      element("strong", { textContent: "Verified" }),
      ` here in ${seconds(verdict.seconds)}${published ? "" : ", with a key made here that this page's host does not have"}`,
    );
  } catch (error) {
    line.className = "verdict bad";
    line.replaceChildren(element("strong", { textContent: "Rejected" }), ` ${(error as Error).message}`);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void prove();
});
form.addEventListener("change", showChoice);
byId("cancel").addEventListener("click", () => running?.abort());
byId("clear").addEventListener("click", () => pad.clear());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") running?.abort();
});
byId("examples").append(
  ...EXAMPLES.map((text) => {
    const button = element("button", { type: "button", textContent: text });
    button.addEventListener("click", () => {
      sentence.value = text;
    });
    return button;
  }),
);

showChoice();
void gpuProblem().then((problem) => {
  if (!problem) return;
  noGpu = problem;
  for (const choice of form.querySelectorAll<HTMLInputElement>("input[name=backend]")) {
    choice.checked = choice.value === "cpu"; // a reloaded page may remember the other
    choice.disabled = !choice.checked;
  }
  byId("gpu-note").textContent = `No GPU here. ${problem}`;
  showChoice();
});
