/** Progress on standard error: one bar on a terminal, else a line as each phase begins. */
import { SingleBar } from "cli-progress";
import { PHASES, type Phase, type Progress } from "../prover/prove.ts";
import type { Io } from "./io.ts";

export interface ProgressView {
  readonly onProgress: (progress: Progress) => void;
  /** Clears the bar. To be called whatever happens. */
  readonly stop: () => void;
}

/** A view of the prover's phases. */
export function showProgress(io: Io): ProgressView {
  return io.stderr.isTTY === true ? bar(io) : lines(io);
}

function bar(io: Io): ProgressView {
  const view = new SingleBar({
    format: "{phase} |{bar}| {percentage} %",
    stream: io.stderr,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    stopOnComplete: false,
    gracefulExit: false,
    emptyOnZero: true,
  });
  const name = (phase: string): string => phase.padEnd(Math.max(...PHASES.map((p) => p.length)));
  view.start(PHASES.length, 0, { phase: name(PHASES[0]) });
  return {
    onProgress: ({ phase, done, total }) => view.update(PHASES.indexOf(phase) + done / Math.max(1, total), { phase: name(phase) }),
    stop: () => view.stop(),
  };
}

function lines(io: Io): ProgressView {
  let current: Phase | null = null;
  return {
    onProgress: ({ phase }) => {
      if (phase === current) return;
      current = phase;
      io.stderr.write(`${phase} ...\n`);
    },
    stop: () => undefined,
  };
}
