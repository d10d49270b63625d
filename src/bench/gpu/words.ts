/** Operands of the benches: seeded, canonical, hardly ever zero. */
import type { Column, Scalar, Session } from "../../backend/backend.ts";
import { P } from "../../field/m31.ts";

/** Words in [1, P), the same for the same seed. */
export function randomWords(count: number, seed: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count);
  let x = Math.imul(seed + 1, 0x9e3779b9) | 1;
  for (let k = 0; k < count; k++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[k] = 1 + ((x >>> 0) % (P - 1));
  }
  return words;
}

export function randomScalars(session: Session, count: number, seed: number): Scalar[] {
  const first = session.constants(randomWords(4 * count, seed));
  return Array.from({ length: count }, (_, k) => first + k);
}

/** 2^bits random elements of K, made on the device. */
export function randomTable(session: Session, bits: number, seed: number): Column {
  return session.eqTable(randomScalars(session, bits, seed));
}

/** 2^bits random words. */
export function randomColumn(session: Session, bits: number, seed: number): Column {
  return session.upload(randomWords(2 ** bits, seed), 1);
}
