/**
 * The sponge and the scalar table (SPEC §2.2), and everything small between two messages: one workgroup runs a program of operations, so that the last rounds of
 * a sumcheck, their sums, messages and challenges, are one dispatch. All lanes sum, raise to powers and copy; the first ones own the sponge.
 *
 * Argument 0 is the address of the sponge's state; the program follows: operations (code, size in words, arguments), then END. e = element address, w = word address.
 *   RESET                                                    state = 0
 *   REDUCE e_dst idle_outputs n (e_total e_weight factor)*n e_partials groups outputs
 *                                                            dst[d] = sum_g partials[d groups + g] (+ sum of factor weight total if d < idle_outputs)
 *   BEGIN tag length                                         a message: state[8] += tag, state[9] += length
 *   INLINE count position word*count                         its next words, from place `position` of a block, that both sides know
 *   COLUMN count position w_source w_tape                    the same from memory, and onto the tape if that is not NONE
 *   CLOSE                                                    ends a message whose last block is not full: permutes
 *   DRAW count position e_dst mask                           words & mask; `position` as in SPEC §2.2
 *   NONCE w_tape                                             the nonce that the search found, onto the tape; forgets it
 *   CONSTANTS count e_dst (4 words)*count
 *   MONOMIALS count e_dst e_base (exponent, coefficient)*count
 *   a step: its arguments
 *   a step that sums: e_dst idle_outputs n (e_total e_weight factor)*n, then its arguments; as REDUCE
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { argumentList } from "../arguments.wgsl.ts";
import { m31 } from "../field/m31.wgsl.ts";
import { qm31 } from "../field/qm31.wgsl.ts";
import { poseidon2 } from "../hash/poseidon2.wgsl.ts";
import { base, type Kernel } from "../kernel.ts";
import { reduce } from "../reduce.wgsl.ts";
import { each } from "../step.ts";
import { codeOf, type Family, NONE, OPERATION } from "./program.ts";
import { sponge } from "./sponge.wgsl.ts";

/** Sums of one operation at most. */
export const MOST_OUTPUTS = 6;

const declarations = ({ steps, sums }: Family): string =>
  [...new Set(sums.map((s) => s.needs)), ...[...steps, ...sums].map((s) => s.body)].join("\n");
const stepCases = ({ steps }: Family): string =>
  steps
    .map(
      (s) => `      case ${codeOf(s)}u: {
        for (var i = lane; i < count; i += LANES) { ${s.call}(first, i); }
      }`,
    )
    .join("\n");
const sumCases = ({ sums }: Family): string =>
  sums
    .map(
      (s) => `      case ${codeOf(s)}u: {
        let values = ${s.call}(first + 3u + 3u * argument(first + 2u), lane, LANES);
${each(s.outputs, (d) => `        sums[${d}] = values[${d}];`)}
        outputs = ${s.outputs}u;
      }`,
    )
    .join("\n");

export const transcript = (family: Family): Kernel => ({
  name: `transcript: ${family.name}`,
  text: (f) => wgsl`${base(f, f.transcriptLanes)}
${m31(f)}
${qm31}
${argumentList}
${poseidon2}
${reduce(f)}
@group(1) @binding(1) var<storage, read_write> found: atomic<u32>;
const NONE = ${NONE}u;
const MOST_OUTPUTS = ${MOST_OUTPUTS}u;

// Words 4c .. 4c + 3 of a block of which places position .. position + take - 1 are filled from a source: arguments or memory.
fn source_chunk(c: u32, position: u32, take: u32, source: u32, is_inline: bool) -> vec4u {
  let w = source + 4u * c - position;
  if (!is_inline && 4u * c >= position && 4u * c + 4u <= position + take && (w & 3u) == 0u) { return element(w >> 2u); }
  var chunk = vec4u(0u);
  for (var k = 0u; k < 4u; k++) {
    let place = 4u * c + k;
    if (place < position || place >= position + take) { continue; }
    if (is_inline) { chunk[k] = argument(w + k); } else { chunk[k] = word(w + k); }
  }
  return chunk;
}
${sponge(f)}
${declarations(family)}

// tape[k] = source[k], k < count words, each lane whole elements.
fn copy_to_tape(lane: u32, tape: u32, source: u32, count: u32) {
  for (var e = (tape >> 2u) + lane; 4u * e < tape + count; e += LANES) {
    var value = element(e);
    for (var k = 0u; k < 4u; k++) {
      let w = 4u * e + k;
      if (w >= tape && w < tape + count) { value[k] = word(source + w - tape); }
    }
    put(e, value);
  }
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
// dst[d] = the sum over all lanes and idle terms; header: e_dst idle_outputs n (e_total e_weight factor)*n.
fn put_sum(header: u32, lane: u32, d: u32, value: vec4u) {
  var sum = value;
  if (d < argument(header + 1u)) {
    for (var k = lane; k < argument(header + 2u); k += LANES) {
      let idle = header + 3u + 3u * k;
      let weighted = qm31_mul(element(argument(idle)), element(argument(idle + 1u)));
      sum = qm31_add(sum, qm31_scale(weighted, argument(idle + 2u)));
    }
  }
  let total = sum_over_lanes(lane, sum);
  if (lane == 0u) { put(argument(header) + d, total); }
}

// INLINE, COLUMN, CLOSE and DRAW, block by block: the invocations that own the sponge.
fn run_sponge(lane: u32, operation: u32, first: u32) {
  let is_inline = operation == ${OPERATION.inline}u;
  let draws = operation == ${OPERATION.draw}u;
  let closes = operation == ${OPERATION.close}u;
  let count = select(argument(first), 0u, closes);
  let source = select(argument(first + 2u), first + 2u, is_inline);
  var position = select(argument(first + 1u), 0u, closes);
  var value = vec4u(0u);
  var done = 0u;
  loop {
    let take = min(select(8u - position, 8u, draws && position == 8u), count - done);
    if (!draws && !closes) { sponge_absorb(lane, position, take, source + done, is_inline); }
    if (closes || select(position + take, position, draws) == 8u) {
      sponge_permute(lane);
      if (draws) { position = 0u; }
    }
    if (draws) {
      for (var k = 0u; k < take; k++) {
        let w = done + k;
        value[w & 3u] = sponge_word(position + k) & argument(first + 3u);
        if (lane == 0u && ((w & 3u) == 3u || w + 1u == count)) { put(source + (w >> 2u), value); }
      }
    }
    done += take;
    position = select((position + take) & 7u, position + take, draws);
    if (done >= count) { break; }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  if (lane < SPONGE_LANES) { sponge_load(argument(0u), lane); }
  var at = 1u;
  loop {
    let operation = argument(at);
    if (operation == ${OPERATION.end}u) { break; }
    let first = at + 2u;
    let count = argument(first);
    var sums = array<vec4u, MOST_OUTPUTS>();
    var outputs = 0u;
    switch (operation) {
      case ${OPERATION.reset}u: {
        if (lane < SPONGE_LANES) { sponge_reset(); }
      }
      case ${OPERATION.reduce}u: {
        let list = first + 3u + 3u * argument(first + 2u);
        let groups = argument(list + 1u);
        outputs = argument(list + 2u);
        for (var d = 0u; d < outputs; d++) {
          for (var g = lane; g < groups; g += LANES) { sums[d] = qm31_add(sums[d], element(argument(list) + d * groups + g)); }
        }
      }
      case ${OPERATION.begin}u: {
        if (lane < SPONGE_LANES) { sponge_begin(lane, count, argument(first + 1u)); }
      }
      case ${OPERATION.inline}u, ${OPERATION.column}u, ${OPERATION.close}u, ${OPERATION.draw}u: {
        if (operation == ${OPERATION.column}u && argument(first + 3u) != NONE) {
          copy_to_tape(lane, argument(first + 3u), argument(first + 2u), count);
        }
        if (lane < SPONGE_LANES) { run_sponge(lane, operation, first); }
      }
      case ${OPERATION.nonce}u: {
        if (lane == 0u) {
          var e = element(count >> 2u);
          e[count & 3u] = atomicExchange(&found, NONE);
          put(count >> 2u, e);
        }
      }
      case ${OPERATION.constants}u: {
        for (var e = lane; e < count; e += LANES) {
          let w = first + 2u + 4u * e;
          put(argument(first + 1u) + e, vec4u(argument(w), argument(w + 1u), argument(w + 2u), argument(w + 3u)));
        }
      }
      case ${OPERATION.monomials}u: {
        let base = element(argument(first + 2u));
        for (var e = lane; e < count; e += LANES) {
          let term = first + 3u + 2u * e;
          put(argument(first + 1u) + e, qm31_scale(power(base, argument(term)), argument(term + 1u)));
        }
      }
${stepCases(family)}
${sumCases(family)}
      default: {}
    }
    for (var d = 0u; d < outputs; d++) { put_sum(first, lane, d, sums[d]); }
    at += argument(at + 1u);
    storageBarrier();
    workgroupBarrier();
  }
  if (lane < SPONGE_LANES) { sponge_store(argument(0u), lane); }
}`,
});
