/**
 * What a sentence-transformers folder makes of an encoder's last values: modules.json lists the steps. circlet takes the mean over all positions; a final step to
 * unit length changes no cosine and is left out. Folders without modules.json say nothing of it.
 */
import { ModelError } from "../../errors.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import type { ByteSource } from "../source.ts";
import { isRecord, parseJson } from "./json.ts";

export const MODULES = "modules.json";

/** Paths of the configs of pooling steps, by modules.json. @throws ModelError naming a step that circlet does not know @throws SyntaxError if it is malformed */
export function poolingConfigs(modules: ByteSource): string[] {
  const list = parseJson(decodeUtf8(modules.read(0, modules.length)), MODULES);
  if (!Array.isArray(list)) throw new SyntaxError(`Cannot read ${MODULES}: it is no list`);
  return list.flatMap((step: unknown) => {
    const { type, path } = isRecord(step) ? step : {};
    const name = typeof type === "string" ? type.replace(/^.*\./, "") : undefined;
    if (name === "Transformer" && path === "") return [];
    if (name === "Normalize") return [];
    if (name === "Pooling" && typeof path === "string" && /^[\w-]+$/.test(path)) return [`${path}/config.json`];
    throw new ModelError(`The folder's ${MODULES} has the step ${JSON.stringify(step)}, circlet knows Transformer, Pooling and Normalize`);
  });
}

/** @param config of a pooling step @throws ModelError if it is not the mean over all positions */
export function checkPooling(config: Readonly<Record<string, unknown>>, file: string): void {
  const modes = Object.keys(config).filter((key) => key.startsWith("pooling_mode") && config[key] !== false);
  const [mode, ...more] = modes;
  const mean = mode === "pooling_mode_mean_tokens" || (mode === "pooling_mode" && config[mode] === "mean");
  if (!mean || more.length > 0)
    throw new ModelError(
      `The folder pools by ${modes.map((key) => `${key} ${JSON.stringify(config[key])}`).join(", ") || "nothing"} (${file}), circlet by the mean`,
    );
}
