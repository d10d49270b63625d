/** The decoder stories260K for tests: a file that is not part of the project. Where it is missing, one line says so and its tests do not run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SOURCE_ROOT } from "./imports.ts";

const FOLDER = process.env.CIRCLET_MODELS ?? join(SOURCE_ROOT, "../../shared/models");

/** The files of the model's folder, or null without it. */
export function storiesFiles(): { readonly model: Uint8Array; readonly text: (name: string) => string } | null {
  const folder = join(FOLDER, "stories260K");
  if (!existsSync(join(folder, "stories260K.gguf"))) {
    console.log(`stories260K is not in ${FOLDER}: its tests were not run (CIRCLET_MODELS names another folder)`);
    return null;
  }
  return {
    model: new Uint8Array(readFileSync(join(folder, "stories260K.gguf"))),
    text: (name) => readFileSync(join(folder, name), "utf8"),
  };
}
