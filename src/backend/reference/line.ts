/** Line code of the reference backend (SPEC §3). */
import * as m31 from "../../field/m31.ts";
import type { QM31 } from "../../field/qm31.ts";
import * as qm31 from "../../field/qm31.ts";
import { domain as lineDomain } from "../../line/domain.ts";
import type { Column } from "../backend.ts";
import { ensure, exactLog2 } from "../check.ts";
import { columnOf, elementsOf, wordsOf } from "./column.ts";

/** Entry i = the words at row i of columns c .. c+3. */
export function interleave(matrix: Column, rowBits: number, column: number): Column {
  const rows = 2 ** rowBits;
  const words = wordsOf(matrix, 1);
  ensure((column + 4) * rows <= words.length, `Columns ${column} .. ${column + 3} pass the end of the matrix`);
  const at = (i: number, k: number): number => words[(column + k) * rows + i]!;
  return columnOf(Array.from({ length: rows }, (_, i): QM31 => [at(i, 0), at(i, 1), at(i, 2), at(i, 3)]));
}

/** Repeats each value 2^blowup times, then for growing blocks (e, o) -> (e + x o, e - x o). */
export function encode(message: Column, blowup: number): Column {
  const m = exactLog2(message.length, "The message length");
  const word = elementsOf(message).flatMap((e) => Array.from({ length: 2 ** blowup }, () => e));
  for (let n = blowup + 1; n <= m + blowup; n++) {
    const domain = lineDomain(n);
    const half = 2 ** (n - 1);
    for (let start = 0; start < word.length; start += 2 * half) {
      for (let i = start; i < start + half; i++) {
        const even = word[i]!;
        const odd = qm31.scale(word[i + half]!, domain[i - start]!);
        word[i] = qm31.add(even, odd);
        word[i + half] = qm31.sub(even, odd);
      }
    }
  }
  return columnOf(word);
}

/** (1-r) (f(i) + f(i+N/2))/2 + r (f(i) - f(i+N/2))/(2 D(n)[i]). */
export function fold(codeword: Column, r: QM31): Column {
  const f = elementsOf(codeword);
  const n = exactLog2(f.length, "The codeword length");
  ensure(n >= 1, "A codeword of one entry cannot be folded");
  const domain = lineDomain(n);
  const half = f.length / 2;
  const out = Array.from({ length: half }, (_, i) => {
    const even = qm31.scale(qm31.add(f[i]!, f[i + half]!), m31.halfPower(1));
    const odd = qm31.scale(qm31.sub(f[i]!, f[i + half]!), m31.inv(m31.add(domain[i]!, domain[i]!)));
    return qm31.add(qm31.mul(qm31.sub(qm31.ONE, r), even), qm31.mul(r, odd));
  });
  return columnOf(out);
}
