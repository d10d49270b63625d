/** The norms of an integer run: of the residual stream at a site, and of a head's queries or keys. */
import { ModelError } from "../../errors.ts";
import { type IntegerRun, inBits } from "./integer-run.ts";
import { HEAD_ROOT_BITS, headNumerator, integerRoot, LOW_BITS, reciprocalBits, rootHighBits, rootNumerator } from "./program.ts";

const LOW = 2 ** LOW_BITS;

/** y = round(x R / 2^rho), R = floor(K / N), N = floor(sqrt(sum w x^2 + epsilon)), of the state at a site and position. */
export function normalizeSite(run: IntegerRun, site: number, position: number): Int32Array {
  const { trace, sizes, program } = run;
  const { config, scales, channelSquares: squares } = program;
  const epsilon = program.epsilons[site]!;
  const row = site * sizes.positions + position;
  const at = row * sizes.width;
  let [high, cross, low] = [0, 0, 0];
  for (let c = at; c < at + sizes.width; c++) {
    const [h, l] = [trace.stateHigh[c]!, trace.stateLow[c]!];
    const w = squares?.[c - at] ?? 1;
    high += w * h * h;
    cross += w * h * l;
    low += w * l * l;
  }
  const sum = high * LOW * LOW + 2 * cross * LOW + low + epsilon;
  const n = integerRoot(sum);
  const rest = sum - n * n;
  const numerator = rootNumerator(config, scales);
  const r = Math.floor(numerator / n);
  if (n >= LOW * 2 ** rootHighBits(config, scales) || r >= 2 ** reciprocalBits(config, scales))
    throw new ModelError(`${program.name} reaches the root ${n} at position ${position}`);
  const divided = numerator - r * n;
  const [rootHigh, rootLow, restHigh, restLow] = [Math.floor(n / LOW), n % LOW, Math.floor(rest / LOW), rest % LOW];
  const lowCarry = (low + (epsilon % LOW) - rootLow ** 2 - restLow) / LOW;
  const highCarry = (2 * cross + Math.floor(epsilon / LOW) + lowCarry - 2 * rootHigh * rootLow - restHigh) / LOW;
  const values = {
    rootHigh,
    rootLow,
    rootRestHigh: restHigh,
    rootRestLow: restLow,
    rootSlackHigh: Math.floor((2 * n - rest) / LOW),
    rootSlackLow: (2 * n - rest) % LOW,
    rootCarryLow: lowCarry,
    rootCarryHigh: highCarry,
    reciprocal: r,
    reciprocalCarry: Math.floor((r * (n % LOW) + (divided % LOW)) / LOW),
    reciprocalRestHigh: Math.floor(divided / LOW),
    reciprocalRestLow: divided % LOW,
    reciprocalSlackHigh: Math.floor((n - 1 - divided) / LOW),
    reciprocalSlackLow: (n - 1 - divided) % LOW,
  };
  for (const [name, value] of Object.entries(values)) trace[name as keyof typeof values][row] = value;

  const shift = scales.rootShift - LOW_BITS;
  const y = new Int32Array(sizes.width);
  for (let c = 0; c < sizes.width; c++) {
    const lows = trace.stateLow[at + c]! * r;
    const carry = Math.floor(lows / LOW);
    const total = trace.stateHigh[at + c]! * r + carry + 2 ** (shift - 1);
    y[c] = total >> shift;
    trace.normCarryHigh[at + c] = Math.floor(carry / LOW);
    trace.normCarryLow[at + c] = carry % LOW;
    trace.normLow[at + c] = lows - carry * LOW;
    trace.normRest[at + c] = total & (2 ** shift - 1);
    trace.normed[at + c] = inBits(run, y[c]!, scales.normBits, "a normalised value", position);
  }
  return y;
}

/** y = round(K x / N), half up, N = floor(sqrt(sum x^2 + epsilon)), of every head; `at` is the first value's index in the trace. */
export function normalizeHeads(run: IntegerRun, name: "query" | "key", flat: Int32Array, layer: number, at: number): Int32Array {
  const { trace, program } = run;
  const { headWidth } = program.config;
  const heads = flat.length / headWidth;
  const numerator = headNumerator(program.config);
  const y = new Int32Array(flat.length);
  for (let h = 0; h < heads; h++) {
    let sum = program.headNorms?.[name].epsilon[layer * heads + h] ?? 1;
    for (let d = h * headWidth; d < (h + 1) * headWidth; d++) sum += flat[d]! ** 2;
    const n = integerRoot(sum);
    if (n >= 2 ** HEAD_ROOT_BITS) throw new ModelError(`${program.name} reaches the root ${n} of a head's ${name}`);
    const row = at / headWidth + h;
    trace[`${name}Root`][row] = n;
    trace[`${name}RootRest`][row] = sum - n * n;
    trace[`${name}RootSlack`][row] = 2 * n - (sum - n * n);
    for (let d = h * headWidth; d < (h + 1) * headWidth; d++) {
      const doubled = 2 * numerator * flat[d]! + n;
      y[d] = Math.floor(doubled / (2 * n));
      const rest = doubled - 2 * n * y[d]!;
      trace[`${name}Normed`][at + d] = y[d]!;
      trace[`${name}NormRest`][at + d] = rest;
      trace[`${name}NormSlack`][at + d] = 2 * n - 1 - rest;
    }
  }
  return y;
}
