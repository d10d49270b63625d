/** The decoder stories260K for tests: a file that is not part of the project. Where it is missing, one line says so and its tests do not run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of the model's folder, or null without it. */
export function storiesFiles(): { readonly model: Uint8Array; readonly text: (name: string) => string } | null {
  const folder = join(process.env.CIRCLET_MODELS ?? "", "stories260K");
  if (!existsSync(join(folder, "stories260K.gguf"))) {
    console.log("not run: tests of stories260K (CIRCLET_MODELS names no folder that has it)");
    return null;
  }
  return {
    model: new Uint8Array(readFileSync(join(folder, "stories260K.gguf"))),
    text: (name) => readFileSync(join(folder, name), "utf8"),
  };
}
