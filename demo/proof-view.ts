/** A finished proof: output, figures, time by phase, downloads. */
import { type DeviceCounters, PHASES } from "../src/index.ts";
import { byId, element, kilobytes, seconds } from "./dom.ts";
import type { Job, Made, Preparation } from "./messages.ts";
import { PHASE_WORDS } from "./run-view.ts";
import { outputName } from "./statement.ts";

/** What was done before the proof, each clause before its time. */
const PREPARED: Readonly<Record<Preparation, string>> = {
  open: "backend started in",
  load: "network fetched in",
  key: "its weights committed to in",
};

/** Object URLs of the downloads shown. */
let urls: string[] = [];

export function showProof(made: Made, job: Job): void {
  const { output, report, id } = made;
  const name = outputName(output.label);
  byId("nothing").hidden = true;
  byId("result").hidden = false;
  byId("output").textContent = name;
  byId("label").textContent = name === output.label ? "" : output.label;
  byId("size").textContent = kilobytes(report.bytes);
  byId("bits").textContent = report.bits.toFixed(1);
  byId("time").textContent = seconds(PHASES.reduce((sum, phase) => sum + report.seconds[phase], 0));
  byId("backend").textContent = `Proven on ${report.backend}`;
  byId("fallback").hidden = made.fallback === undefined;
  byId("fallback").textContent = `The CPU took over. ${made.fallback?.split(". ", 1)[0]}.`; // without its advice, which is for programs
  showPrepared(made.prepared);
  showDevice(report.device);
  byId("model-id").textContent = id;
  byId("verified").textContent = "";
  byId("shown").textContent = "";
  showTimes(report.seconds);
  for (const url of urls) URL.revokeObjectURL(url);
  urls = [
    offer(byId<HTMLAnchorElement>("download-proof"), made.proof, `${job.model}.proof`),
    offer(byId<HTMLAnchorElement>("download-key"), made.key, `${job.model}.vk`),
  ];
}

/** One bar cut by time, and a legend with the figures. */
function showTimes(times: Made["report"]["seconds"]): void {
  const bar = element("div", { className: "bar", ariaHidden: "true" });
  const legend = element("ul", { ariaLabel: "Time per phase" });
  const sum = PHASES.reduce((total, phase) => total + times[phase], 0);
  PHASES.forEach((phase, i) => {
    const part = element("i");
    part.style.setProperty("--share", String(times[phase] / sum));
    part.style.setProperty("--phase", `var(--phase-${i})`);
    bar.append(part);
    const mark = element("i", { ariaHidden: "true" });
    mark.style.setProperty("--phase", `var(--phase-${i})`);
    legend.append(
      element(
        "li",
        { title: PHASE_WORDS[phase] },
        mark,
        element("span", { textContent: phase }),
        element("b", { textContent: seconds(times[phase]) }),
      ),
    );
  });
  byId("chart").replaceChildren(bar, legend);
}

/** What came before the proof and is in none of its times. */
function showPrepared(prepared: Made["prepared"]): void {
  const clauses = Object.entries(prepared).map(([name, time]) => `${PREPARED[name as Preparation]} ${seconds(time)}`);
  byId("before").hidden = clauses.length === 0;
  byId("before").textContent = `Before it, once: ${clauses.join(", ")}.`;
}

/** What was asked of the GPU; nothing where the CPU computed. */
function showDevice(device: DeviceCounters | null): void {
  byId("device").hidden = device === null;
  if (device === null) return;
  const figures: readonly (readonly [string, string])[] = [
    ["Submissions", `${device.submissions}`],
    ["Dispatches", `${device.dispatches}`],
    ["Read-backs", `${device.readBacks}`],
    ["To the GPU", kilobytes(device.bytesUp)],
    ["From it", kilobytes(device.bytesDown)],
  ];
  byId("device").replaceChildren(
    ...figures.map(([name, value]) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }))),
  );
}

function offer(link: HTMLAnchorElement, bytes: Uint8Array<ArrayBuffer>, name: string): string {
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  return link.href;
}
