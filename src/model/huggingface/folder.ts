/** A Hugging Face folder's model: the architecture that config.json names, with the weights of its safetensors files. */
import { ModelError } from "../../errors.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import type { Transformer } from "../transformer/model.ts";
import { readBert } from "./bert.ts";
import { readGpt2 } from "./gpt2.ts";
import { isRecord, type JsonRecord, parseJson } from "./json.ts";
import { LLAMA, QWEN2, QWEN3, readLlama } from "./llama.ts";
import { checkPooling, MODULES, poolingConfigs } from "./pooling.ts";
import { Settings } from "./settings.ts";
import { type OpenFile, openWeights, type Weights } from "./weights.ts";

type Read = (settings: Settings, weights: Weights, open: OpenFile) => Transformer;

const ARCHITECTURES: Readonly<Record<string, Read>> = {
  LlamaForCausalLM: (settings, weights) => readLlama(LLAMA, settings, weights),
  Qwen2ForCausalLM: (settings, weights) => readLlama(QWEN2, settings, weights),
  Qwen3ForCausalLM: (settings, weights) => readLlama(QWEN3, settings, weights),
  GPT2LMHeadModel: readGpt2,
  BertModel: (settings, weights, open) => {
    const modules = open(MODULES);
    for (const file of modules ? poolingConfigs(modules) : []) checkPooling(readJson(open, file), file);
    return readBert(settings, weights);
  },
};

/** The model of a folder; weights are read when they are asked for. @throws ModelError naming what circlet does not know @throws SyntaxError for broken files */
export function readFolder(open: OpenFile): Transformer {
  const config = readJson(open, "config.json");
  const read = architectureOf(config);
  const weights = openWeights(open);
  return read(new Settings(config, "config.json"), weights, open);
}

/** How to read the folder with this config. @throws ModelError if circlet does not know its architecture */
export function architectureOf(config: JsonRecord): Read {
  const names = config.architectures;
  const [name, ...more] = Array.isArray(names) ? names : [];
  const read = typeof name === "string" && more.length === 0 && Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (!read)
    throw new ModelError(
      `The architecture is ${JSON.stringify(names) ?? "not named"}, circlet knows ${Object.keys(ARCHITECTURES).join(", ")}`,
    );
  return read;
}

/** An object in a file of the folder. @throws ModelError if there is no such file @throws SyntaxError if it is no JSON object */
export function readJson(open: OpenFile, name: string): JsonRecord {
  const source = open(name);
  if (!source) throw new ModelError(`The folder has no ${name}`);
  const value = parseJson(decodeUtf8(source.read(0, source.length)), name);
  if (!isRecord(value)) throw new SyntaxError(`Cannot read ${name}: it is no object`);
  return value;
}
