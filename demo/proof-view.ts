/** A finished proof: output, figures, time by phase, downloads. */
import { PHASES } from "../src/index.ts";
import { byId, element, kilobytes, seconds } from "./dom.ts";
import type { Job, Made } from "./messages.ts";
import { PHASE_WORDS } from "./run-view.ts";
import { outputName } from "./statement.ts";

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
  byId("queued").hidden = job.backend === "cpu";
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

function offer(link: HTMLAnchorElement, bytes: Uint8Array<ArrayBuffer>, name: string): string {
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  return link.href;
}
