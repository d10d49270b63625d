/**
 * The sponge and the scalar table (SPEC §2.2): one workgroup runs a program of operations, so that a round of a sumcheck needs no other dispatch for its sums,
 * its message and its challenge. All lanes reduce, raise to powers and copy; lane 0 owns the sponge.
 *
 * program: operations with their arguments, then END. e = element address, w = word address.
 *   RESET                                                    state = 0
 *   REDUCE e_dst e_partials groups outputs idle_outputs n (e_total e_weight factor)*n
 *                                                            dst[d] = sum_g partials[d groups + g] (+ sum of factor weight total if d < idle_outputs)
 *   BEGIN tag length                                         a message: state[8] += tag, state[9] += length
 *   INLINE count position w_tape (word)*count                its next words, from place `position` of a block; w_tape NONE: not part of the proof
 *   COLUMN count position w_tape w_source                    the same from memory
 *   CLOSE                                                    ends a message whose last block is not full: permutes
 *   DRAW count position e_dst                                elements of K; `position` as in SPEC §2.2
 *   POSITIONS count position w_dst mask                      words & mask
 *   NONCE w_tape                                             absorbs the nonce found by the search, and forgets it
 *   CONSTANTS count e_dst (4 words)*count
 *   MONOMIALS count e_dst e_base (exponent, coefficient)*count
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";

/** Operation codes. */
export const OPERATION = {
  end: 0,
  reset: 1,
  reduce: 2,
  begin: 3,
  inline: 4,
  column: 5,
  close: 6,
  draw: 7,
  positions: 8,
  nonce: 9,
  constants: 10,
  monomials: 11,
} as const;
/** No tape. */
export const NONE = 0xffffffff;

export const transcript: Kernel = {
  name: "transcript",
  text: (f) => wgsl`${base(f)}
${m31(f)}
${qm31}
${poseidon2}
${reduce}
struct Parameters { state: u32, program: array<u32> }
@group(1) @binding(0) var<storage, read> parameters: Parameters;
@group(1) @binding(1) var<storage, read_write> found: atomic<u32>;
const NONE = ${NONE}u;
const GRIND_TAG = 1u;

var<private> sponge: State;
var<workgroup> block: array<u32, 8>;

// Lane 0: adds the block to the rate and empties it.
fn add_block() {
  sponge.a = m31x4_add(sponge.a, vec4u(block[0], block[1], block[2], block[3]));
  sponge.b = m31x4_add(sponge.b, vec4u(block[4], block[5], block[6], block[7]));
  for (var k = 0u; k < 8u; k++) { block[k] = 0u; }
}
fn rate_word(k: u32) -> u32 {
  if (k < 4u) { return sponge.a[k]; }
  return sponge.b[k - 4u];
}
// Lane 0: word by word, as one invocation stores single words.
fn put_word(w: u32, value: u32) {
  var e = element(w >> 2u);
  e[w & 3u] = value;
  put(w >> 2u, e);
}
fn power(base: vec4u, exponent: u32) -> vec4u {
  var result = ONE;
  var square = base;
  for (var k = exponent; k > 0u; k >>= 1u) {
    if ((k & 1u) == 1u) { result = qm31_mul(result, square); }
    square = qm31_mul(square, square);
  }
  return result;
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  if (lane == 0u) {
    let s = parameters.state;
    sponge = State(element(s), element(s + 1u), element(s + 2u), element(s + 3u));
    for (var k = 0u; k < 8u; k++) { block[k] = 0u; }
  }
  workgroupBarrier();
  var at = 0u;
  loop {
    let operation = parameters.program[at];
    let count = parameters.program[at + 1u];
    if (operation == ${OPERATION.end}u) { break; }
    switch (operation) {
      case ${OPERATION.reset}u: {
        if (lane == 0u) { sponge = State(vec4u(0u), vec4u(0u), vec4u(0u), vec4u(0u)); }
        at += 1u;
      }
      case ${OPERATION.reduce}u: {
        let dst = count;
        let partials = parameters.program[at + 2u];
        let groups = parameters.program[at + 3u];
        let outputs = parameters.program[at + 4u];
        let idle_outputs = parameters.program[at + 5u];
        let idle_count = parameters.program[at + 6u];
        for (var d = 0u; d < outputs; d++) {
          var sum = ZERO;
          for (var g = lane; g < groups; g += LANES) { sum = qm31_add(sum, element(partials + d * groups + g)); }
          if (d < idle_outputs) {
            for (var k = lane; k < idle_count; k += LANES) {
              let idle = at + 7u + 3u * k;
              let weighted = qm31_mul(element(parameters.program[idle]), element(parameters.program[idle + 1u]));
              sum = qm31_add(sum, qm31_scale(weighted, parameters.program[idle + 2u]));
            }
          }
          let total = sum_over_lanes(lane, sum);
          if (lane == 0u) { put(dst + d, total); }
        }
        at += 7u + 3u * idle_count;
      }
      case ${OPERATION.begin}u: {
        if (lane == 0u) {
          sponge.c.x = m31_add(sponge.c.x, count);
          sponge.c.y = m31_add(sponge.c.y, parameters.program[at + 2u]);
        }
        at += 3u;
      }
      case ${OPERATION.inline}u, ${OPERATION.column}u: {
        let is_inline = operation == ${OPERATION.inline}u;
        var position = parameters.program[at + 2u];
        let tape = parameters.program[at + 3u];
        for (var done = 0u; done < count;) {
          let take = min(8u - position, count - done);
          if (lane < take) {
            if (is_inline) {
              block[position + lane] = parameters.program[at + 4u + done + lane];
            } else {
              block[position + lane] = word(parameters.program[at + 4u] + done + lane);
            }
          }
          workgroupBarrier();
          if (lane == 0u) {
            if (tape != NONE) {
              for (var k = 0u; k < take; k++) { put_word(tape + done + k, block[position + k]); }
            }
            add_block();
            if (position + take == 8u) { sponge = permute(sponge); }
          }
          workgroupBarrier();
          done += take;
          position = (position + take) & 7u;
        }
        at += 4u + select(1u, count, is_inline);
      }
      case ${OPERATION.close}u: {
        if (lane == 0u) { sponge = permute(sponge); }
        at += 1u;
      }
      case ${OPERATION.draw}u: {
        if (lane == 0u) {
          var position = parameters.program[at + 2u];
          for (var e = 0u; e < count; e++) {
            var value = vec4u(0u);
            for (var k = 0u; k < 4u; k++) {
              if (position == 8u) {
                sponge = permute(sponge);
                position = 0u;
              }
              value[k] = rate_word(position);
              position++;
            }
            put(parameters.program[at + 3u] + e, value);
          }
        }
        at += 4u;
      }
      case ${OPERATION.positions}u: {
        if (lane == 0u) {
          var position = parameters.program[at + 2u];
          for (var k = 0u; k < count; k++) {
            if (position == 8u) {
              sponge = permute(sponge);
              position = 0u;
            }
            put_word(parameters.program[at + 3u] + k, rate_word(position) & parameters.program[at + 4u]);
            position++;
          }
        }
        at += 5u;
      }
      case ${OPERATION.nonce}u: {
        if (lane == 0u) {
          let nonce = atomicExchange(&found, NONE);
          sponge.c.x = m31_add(sponge.c.x, GRIND_TAG);
          sponge.c.y = m31_add(sponge.c.y, 1u);
          sponge.a.x = m31_add(sponge.a.x, nonce);
          sponge = permute(sponge);
          put_word(count, nonce);
        }
        at += 2u;
      }
      case ${OPERATION.constants}u: {
        for (var e = lane; e < count; e += LANES) {
          let first = at + 3u + 4u * e;
          let value = vec4u(
            parameters.program[first], parameters.program[first + 1u], parameters.program[first + 2u], parameters.program[first + 3u],
          );
          put(parameters.program[at + 2u] + e, value);
        }
        at += 3u + 4u * count;
      }
      default: {
        let base = element(parameters.program[at + 3u]);
        for (var e = lane; e < count; e += LANES) {
          let term = at + 4u + 2u * e;
          put(parameters.program[at + 2u] + e, qm31_scale(power(base, parameters.program[term]), parameters.program[term + 1u]));
        }
        at += 4u + 2u * count;
      }
    }
    storageBarrier();
    workgroupBarrier();
  }
  if (lane == 0u) {
    let s = parameters.state;
    put(s, sponge.a);
    put(s + 1u, sponge.b);
    put(s + 2u, sponge.c);
    put(s + 3u, sponge.d);
  }
}`,
};
