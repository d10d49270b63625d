/**
 * circlet: proves that a neural network produced an output.
 *
 * @example
 * import { commit, cpuBackend, loadModel, prove, verify } from "circlet";
 * const backend = await cpuBackend();
 * const key = await commit(await loadModel("lande"), { backend }); // key.id is the model id
 * const { proof, output } = await prove(key, "un texte en français", { backend });
 * verify(key.verifying, proof, { minBits: 100 }); // throws VerifyError, or returns { input, output, bits, modelId }
 */
export { commit, type Input, type Key, type Output, type Proven, type ProveOptions, prove, rawInput, run } from "./api.ts";
export type { Backend, DeviceCounters } from "./backend/backend.ts";
export { cpuBackend } from "./backend/cpu/index.ts";
export { firstBackend, type OnFallback, type Opener } from "./backend/fallback.ts";
export { referenceBackend } from "./backend/reference/index.ts";
export { commitDecoder, type DecoderKey, type ProvenTokens, proveText, proveTokens, runDecoder } from "./decoder.ts";
export {
  commitSegments,
  type ProvenSegment,
  type ProvenSegments,
  planSegments,
  proveSegment,
  proveSegments,
  type SegmentOptions,
  type SegmentPlan,
  statementOf,
} from "./decoder-segments.ts";
export { commitEncoder, type EncoderKey, type ProvenEmbedding, proveEmbedding, runEncoder } from "./encoder.ts";
export { DeviceError, InternalError } from "./errors.ts";
export { findTransformer } from "./model/huggingface/node.ts";
export { type OpenTransformer, openTransformer, type TransformerSource } from "./model/huggingface/open.ts";
export { loadModel, type Model } from "./model/load.ts";
export { type ByteSource, memorySource } from "./model/source.ts";
export { type LanguageModel, loadTransformer } from "./model/transformer/load.ts";
export { PHASES, type Phase, type Progress } from "./prover/prove.ts";
export * from "./verify.ts";
