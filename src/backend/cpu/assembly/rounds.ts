/**
 * Sums of a sumcheck round, fused with binding the previous challenge (SPEC §7.4, §8.4). Tables have `2 * half` entries of K after binding; X is the most
 * significant variable. A term's sum at X is sum_x prod_j t_j(X, x); terms name the points they want by a mask.
 *
 * Floor for a bound table: 64 bytes read and 32 written per x, two constant products; for a term of k tables: k - 1 products per x and point.
 */
import { add, sub } from "./m31";
import { addTo, dotHigh, dotLow, highWords, lowWords, product, reduceSplit, timesI, timesU } from "./qm31";
import { bindRange } from "./tables";

/** Bits of a mask: X = 0, X = 1, the leading coefficient, then X = 2, 3, ... */
const LEADING: u32 = 2;

/** t(X, x) for the table entry at p, or t(1, x) - t(0, x) for the leading coefficient. */
// @ts-ignore: decorator
@inline
function valueAt(p: usize, distance: usize, point: u32): v128 {
  const lo = v128.load(p);
  if (point == 0) return lo;
  const hi = v128.load(p + distance);
  if (point == 1) return hi;
  const slope = sub(hi, lo);
  if (point == LEADING) return slope;
  let value = hi;
  for (let k = LEADING; k < point; k++) value = add(value, slope);
  return value;
}

/** Adds sum_{start <= x < end} prod_j t_j(X, x) to the element at `sum`; `list` holds the k >= 1 table pointers. */
function termSum(sum: usize, list: usize, k: u32, start: u32, end: u32, distance: usize, point: u32): void {
  let a = i64x2.splat(0);
  let b = i64x2.splat(0);
  let c = i64x2.splat(0);
  let d = i64x2.splat(0);
  const first: usize = load<u32>(list);
  const last: usize = load<u32>(list + ((<usize>(k - 1)) << 2));
  for (let x = start; x < end; x++) {
    const at = (<usize>x) << 4;
    let value = valueAt(first + at, distance, point);
    let low: v128;
    let high: v128;
    if (k == 1) {
      low = i64x2.extend_low_i32x4_u(value);
      high = i64x2.extend_high_i32x4_u(value);
    } else {
      for (let j: u32 = 1; j < k - 1; j++) {
        const middle: usize = load<u32>(list + ((<usize>j) << 2));
        value = product(value, valueAt(middle + at, distance, point));
      }
      const r0 = valueAt(last + at, distance, point);
      const r1 = timesI(r0);
      const r2 = timesU(r0);
      const r3 = timesI(r2);
      low = dotLow(value, r0, r1, r2, r3);
      high = dotHigh(value, r0, r1, r2, r3);
    }
    a = i64x2.add(a, lowWords(low));
    b = i64x2.add(b, highWords(low));
    c = i64x2.add(c, lowWords(high));
    d = i64x2.add(d, highWords(high));
  }
  addTo(sum, reduceSplit(a, b, c, d));
}

/**
 * For lo <= x < hi. `bound` holds `boundCount` pointers of tables of 4 * half entries, first bound by the element at `r`. `terms` holds `termCount` records:
 * k, mask, then k pointers. Thread `slot` adds its sums, term by term and point by point, to the elements at sums + slot * slotBytes.
 */
export function roundSums(
  lo: u32, hi: u32, slot: u32, half: u32, tile: u32, bound: usize, boundCount: u32, r: usize, terms: usize, termCount: u32, sums: usize, slotBytes: u32,
): void {
  const distance = (<usize>half) << 4;
  for (let start = lo; start < hi; start += tile) {
    const end = min(start + tile, hi);
    for (let k: u32 = 0; k < boundCount; k++) {
      const table: usize = load<u32>(bound + ((<usize>k) << 2));
      const challenge = v128.load(r);
      bindRange(start, end, table, 2 * half, challenge);
      bindRange(start + half, end + half, table, 2 * half, challenge);
    }
    let record = terms;
    let sum = sums + <usize>slot * slotBytes;
    for (let t: u32 = 0; t < termCount; t++) {
      const k = load<u32>(record);
      let mask = load<u32>(record, 4);
      record += 8;
      for (let point: u32 = 0; mask != 0; point++, mask >>= 1) {
        if ((mask & 1) == 0) continue;
        termSum(sum, record, k, start, end, distance, point);
        sum += 16;
      }
      record += (<usize>k) << 2;
    }
  }
}
