/**
 * A group of a transformer's layers as a program of its own (SPEC §13.4): views of its layers' weights in the stacked matrices, with the embedding if it has the
 * first layer and the head if it has the last. Equal integers as in the whole, and equal scales.
 */
import { ModelError } from "../../errors.ts";
import type { HeadNorm, IntegerMatrix, Skip, TransformerProgram, TransformerScales } from "./program.ts";

/** The layers from `from` up to but not including `to`. */
export interface LayerRange {
  readonly from: number;
  readonly to: number;
}

/** `count` groups of layers, as equal as can be. @throws ModelError if there are not so many layers */
export function layerGroups(layers: number, count: number): LayerRange[] {
  if (!Number.isInteger(count) || count < 1 || count > layers)
    throw new ModelError(`A model of ${layers} layers cannot be cut into ${count} segments`);
  const bound = (k: number): number => Math.round((k * layers) / count);
  return Array.from({ length: count }, (_, k) => ({ from: bound(k), to: bound(k + 1) }));
}

/** The scales of a group of layers. */
export function scalesOfRange(scales: TransformerScales, { from, to }: LayerRange): TransformerScales {
  return {
    ...scales,
    residualExponents: scales.residualExponents.slice(2 * from, 2 * to + 1),
    valueExponents: scales.valueExponents.slice(from, to),
    upExponents: scales.upExponents.slice(from, to),
    queryMagnitudes: scales.queryMagnitudes.slice(from, to),
    keyMagnitudes: scales.keyMagnitudes.slice(from, to),
  };
}

/** The program of a group of layers. Shares the memory of the whole program's weights. */
export function segmentProgram(whole: TransformerProgram, { from, to }: LayerRange): TransformerProgram {
  const { config, scales, positionEmbedding, headBias, ...program } = whole;
  const first = from === 0;
  const last = to === config.layers;
  const rows = (stack: Int32Array): Int32Array => {
    const size = stack.length / config.layers;
    return stack.subarray(from * size, to * size);
  };
  const matrix = (m: IntegerMatrix): IntegerMatrix => ({ ...m, weight: rows(m.weight), ...(m.bias && { bias: rows(m.bias) }) });
  const skip = ({ gain, mean }: Skip): Skip => ({ gain: rows(gain), mean: rows(mean) });
  const headNorm = (norm: HeadNorm): HeadNorm => ({ ...norm, gain: rows(norm.gain), epsilon: rows(norm.epsilon) });
  return {
    ...program,
    config: { ...config, layers: to - from, part: { first, last } },
    scales: scalesOfRange(scales, { from, to }),
    embedding: first ? program.embedding : new Int32Array(),
    ...(first && positionEmbedding && { positionEmbedding }),
    query: matrix(program.query),
    key: matrix(program.key),
    value: matrix(program.value),
    output: matrix(program.output),
    gate: matrix(program.gate),
    ...(program.up && { up: matrix(program.up) }),
    down: matrix(program.down),
    ...(program.headNorms && { headNorms: { query: headNorm(program.headNorms.query), key: headNorm(program.headNorms.key) } }),
    epsilons: program.epsilons.subarray(2 * from, 2 * to + 1),
    ...(program.streamFactors && { streamFactors: { output: rows(program.streamFactors.output), down: rows(program.streamFactors.down) } }),
    ...(program.skips && { skips: { output: skip(program.skips.output), down: skip(program.skips.down) } }),
    head: last ? program.head : new Int32Array(),
    ...(last && headBias && { headBias }),
  };
}
