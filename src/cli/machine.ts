/** On what figures were measured. */
import { cpus, totalmem } from "node:os";
import manifest from "../../package.json" with { type: "json" };

export interface Machine {
  readonly circlet: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly runtime: string;
}

/** This machine. */
export function machine(): Machine {
  const cores = cpus();
  return {
    circlet: manifest.version,
    processor: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    runtime: `${process.release.name} ${process.version}`,
  };
}

/** In one line. */
export function machineText(): string {
  const { circlet, processor, cores, memoryGiB, runtime } = machine();
  return `circlet ${circlet}, ${processor}, ${cores} cores, ${memoryGiB} GiB, ${runtime}`;
}
