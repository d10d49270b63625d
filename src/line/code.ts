/**
 * The line code (SPEC §3.2, §3.3): the codeword of a message of 2^m values at x is sum_j message[j] prod_k pi^k(x)^(j_k), variable 0 being the most
 * significant bit of j. It is the Reed-Solomon code of dimension 2^m on D(m + blowup). Plain definitions; backends have their own.
 */
import { InternalError } from "../errors.ts";
import * as m31 from "../field/m31.ts";
import type { QM31 } from "../field/qm31.ts";
import * as qm31 from "../field/qm31.ts";
import { bitsOf } from "../system/types.ts";
import { doubleX } from "./circle.ts";
import { domain, inverseTwiddles } from "./domain.ts";

/** The 2^(m + blowup) values of the codeword of 2^m words. */
export function encodeBase(message: ArrayLike<number>, blowup: number): Uint32Array {
  const messageBits = logOf(message.length);
  const repeat = 2 ** blowup;
  const codeword = new Uint32Array(message.length * repeat);
  for (let j = 0; j < message.length; j++) codeword.fill(message[j]!, j * repeat, (j + 1) * repeat);
  for (let bits = blowup + 1; bits <= blowup + messageBits; bits++) {
    const xs = domain(bits);
    const half = 2 ** (bits - 1);
    for (let block = 0; block < codeword.length; block += 2 * half) {
      for (let i = block; i < block + half; i++) {
        const even = codeword[i]!;
        const odd = m31.mul(xs[i - block]!, codeword[i + half]!);
        codeword[i] = m31.add(even, odd);
        codeword[i + half] = m31.sub(even, odd);
      }
    }
  }
  return codeword;
}

/** The codeword of 2^m elements of K: each of the four words is encoded. */
export function encode(message: readonly QM31[], blowup: number): QM31[] {
  const planes = ([0, 1, 2, 3] as const).map((word) =>
    encodeBase(
      message.map((element) => element[word]),
      blowup,
    ),
  );
  return Array.from(planes[0]!, (first, i): QM31 => [first, planes[1]![i]!, planes[2]![i]!, planes[3]![i]!]);
}

/** (1 - r) (lo + hi)/2 + r (lo - hi)/(2x) for the values lo at x and hi at -x, x != 0. */
export function foldPair(lo: QM31, hi: QM31, x: number, r: QM31): QM31 {
  return foldWithInverse(lo, hi, m31.inv(x), r);
}

/** The folded codeword, half as long: that of the message with variable 0 bound to r. */
export function fold(codeword: readonly QM31[], r: QM31): QM31[] {
  const half = codeword.length / 2;
  const inverses = inverseTwiddles(logOf(codeword.length));
  return Array.from(inverses, (inverse, i) => foldWithInverse(codeword[i]!, codeword[i + half]!, inverse, r));
}

function foldWithInverse(lo: QM31, hi: QM31, inverseX: number, r: QM31): QM31 {
  const even = qm31.add(lo, hi);
  const odd = qm31.scale(qm31.sub(lo, hi), inverseX);
  return qm31.scale(qm31.add(even, qm31.mul(r, qm31.sub(odd, even))), m31.halfPower(1));
}

/** The value at x, any word, of the codeword of a message of 2^m elements. */
export function evaluateMessageAt(message: readonly QM31[], x: number): QM31 {
  let values = message;
  let power = x;
  for (let bits = logOf(message.length); bits > 0; bits--) {
    const half = values.length / 2;
    const factor = power;
    const previous = values;
    values = Array.from({ length: half }, (_, j) => qm31.add(previous[j]!, qm31.scale(previous[j + half]!, factor)));
    power = doubleX(power);
  }
  return values[0]!;
}

function logOf(length: number): number {
  const bits = bitsOf(length);
  if (length !== 2 ** bits) throw new InternalError(`A message or codeword of ${length} values: not a power of two`);
  return bits;
}
