/**
 * One round of sum_t weight_t prod tables (SPEC §7.4), variable X the most significant bit of tables of 2 half entries: the sums over x < half and all terms at
 * X = 0, 2, ..., degree, after binding the joining tables of 4 half entries in place by r. Needs sumcheck/join.
 * Arguments: half, partials, r, number of tables to bind, number of terms; their addresses; a term after the other: weight, number of its tables, their addresses.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { each, type SumStep, sumStep } from "../step.ts";
import { join } from "./join.wgsl.ts";

const body = (degree: number): string => wgsl`
fn product_round_${degree}(at: u32, first: u32, stride: u32) -> array<vec4u, ${degree}> {
  let half = argument(at);
  let r = element(argument(at + 2u));
  let joins = argument(at + 3u);
  let terms = argument(at + 4u);
${each(degree, (d) => `  var sum${d} = ZERO;`)}
  for (var x = first; x < half; x += stride) {
    join_tables(at + 5u, joins, x, half, r);
    var next = at + 5u + joins;
    for (var t = 0u; t < terms; t++) {
      let weight = element(argument(next));
      let end = next + 2u + argument(next + 1u);
      next += 2u;
${each(degree, (d) => `      var product${d} = weight;`)}
      for (; next < end; next++) {
        let p = argument(next) + x;
        var value = element(p);
        let slope = qm31_sub(element(p + half), value);
        product0 = qm31_mul(product0, value);
        value = qm31_add(value, slope);
${each(degree - 1, (d) => `        value = qm31_add(value, slope);\n        product${d + 1} = qm31_mul(product${d + 1}, value);`)}
      }
${each(degree, (d) => `      sum${d} = qm31_add(sum${d}, product${d});`)}
    }
  }
  return array<vec4u, ${degree}>(${Array.from({ length: degree }, (_, d) => `sum${d}`).join(", ")});
}`;

/** The kernel for round polynomials of a degree >= 1. */
export const productRound = (degree: number): SumStep =>
  sumStep(`product round of degree ${degree}`, `product_round_${degree}`, degree, body(degree), join);
