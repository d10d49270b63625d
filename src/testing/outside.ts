/** Models that are not part of the project, for tests: in folders of $CIRCLET_MODELS. Where one is missing, one line says so and its tests do not run. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The path of a file or folder in $CIRCLET_MODELS, or null without it. */
export function outsideModel(...path: readonly string[]): string | null {
  const found = join(process.env.CIRCLET_MODELS ?? "", ...path);
  if (process.env.CIRCLET_MODELS && existsSync(found)) return found;
  console.log(`not run: tests of ${path.join("/")} (CIRCLET_MODELS names no folder that has it)`);
  return null;
}
