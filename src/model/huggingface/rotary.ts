/** Rotary positions as config.json has them: `rope_theta` with `rope_scaling`, or both in `rope_parameters`. */
import { ModelError } from "../../errors.ts";
import type { RotaryPositions, RotaryScaling } from "../transformer/model.ts";
import type { Settings } from "./settings.ts";

/** Where config.json does not say it. */
const DEFAULT_THETA = 10000;

/** @throws ModelError naming a kind of scaling, or a setting, that circlet does not compute */
export function rotaryOf(settings: Settings): RotaryPositions {
  settings.only("partial_rotary_factor", 1);
  settings.only("rope_interleaved", false);
  const parameters = settings.inner("rope_parameters") ?? settings.inner("rope_scaling");
  const own = settings.positive("rope_theta", DEFAULT_THETA);
  const theta = parameters?.positive("rope_theta", own) ?? own;
  if (!Number.isSafeInteger(theta)) throw new ModelError(`The setting rope_theta is ${theta}, circlet wants an integer`);
  const scaling = parameters && scalingOf(parameters);
  return { kind: "rotary", theta, ...(scaling && { scaling }) };
}

function scalingOf(parameters: Settings): RotaryScaling | null {
  const name = parameters.has("rope_type") ? "rope_type" : "type";
  parameters.only("partial_rotary_factor", 1);
  const stretched = parameters.choice(name, { default: false, llama3: true }, "default");
  if (name === "rope_type") parameters.only("type", "default", "llama3");
  const scaling = stretched && {
    factor: parameters.positive("factor"),
    lowFrequencyFactor: parameters.positive("low_freq_factor"),
    highFrequencyFactor: parameters.positive("high_freq_factor"),
    originalContext: parameters.size("original_max_position_embeddings"),
  };
  parameters.finish();
  return scaling || null;
}
