/**
 * LLaMA 3's scaling of rotary frequencies from the divisors that GGUF files have in its place: with w = 2 pi theta^(2p / headWidth) the wave of pair p, its divisor
 * is 1 up to w = context / high, `factor` from w = context / low on, and in between 1 / ((1 - s) / factor + s) with s = (context / w - low) / (high - low).
 */
import { ModelError } from "../../errors.ts";
import type { RotaryScaling } from "../transformer/model.ts";

/** All models of the family share these; their factors differ. */
const SHARED = { lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192 };
/** Files have the divisors in 32 bits, computed in 32 bits. */
const TOLERANCE = 2 ** -17;

/** @param divisors of pairs 0 to headWidth / 2 - 1 @throws ModelError if they are not those of a scaling with the family's constants */
export function scalingOfFactors(divisors: ArrayLike<number>, theta: number): RotaryScaling | null {
  const values = Array.from(divisors);
  const factor = values.reduce((a, b) => Math.max(a, b), 1);
  if (factor === 1 && values.every((v) => v === 1)) return null;
  const scaling = { factor, ...SHARED };
  const fits = values.every((v, p) => Math.abs(v / divisorOf(scaling, theta ** (p / values.length)) - 1) <= TOLERANCE);
  if (!fits) throw new ModelError("The GGUF file has rope_freqs.weight whose divisors are not those of LLaMA 3's scaling");
  return scaling;
}

/** The divisor of the frequency whose inverse is `period`, in positions a radian. */
function divisorOf({ factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext }: RotaryScaling, period: number): number {
  const waves = originalContext / (2 * Math.PI * period);
  if (waves > high) return 1;
  if (waves < low) return factor;
  const share = (waves - low) / (high - low);
  return 1 / ((1 - share) / factor + share);
}
