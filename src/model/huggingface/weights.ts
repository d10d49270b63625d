/** The tensors of a model's folder, in one file or in several, taken by name. A tensor that nobody took would make it another model than the one that is built. */
import { ModelError } from "../../errors.ts";
import { decodeUtf8 } from "../../statement/utf8.ts";
import type { LazyTensor } from "../../tensor/lazy.ts";
import type { ByteSource } from "../source.ts";
import { isRecord, parseJson } from "./json.ts";
import { lazyTensorOf, readSafetensors, type StoredTensor } from "./safetensors.ts";

/** Opens a file of a folder; null if there is none. */
export type OpenFile = (name: string) => ByteSource | null;

export const SINGLE = "model.safetensors";
export const INDEX = "model.safetensors.index.json";

export class Weights {
  readonly #tensors: ReadonlyMap<string, StoredTensor>;
  readonly #taken = new Set<string>();

  constructor(tensors: ReadonlyMap<string, StoredTensor>) {
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Whether a tensor's name begins so. */
  someBegin(prefix: string): boolean {
    return [...this.#tensors.keys()].some((name) => name.startsWith(prefix));
  }

  /** A tensor's number of rows, 0 without it. */
  rows(name: string): number {
    return this.#tensors.get(name)?.shape[0] ?? 0;
  }

  /** @throws ModelError naming it if it is missing, of another shape or of integers */
  take(name: string, shape: readonly number[]): LazyTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new ModelError(`The model has no tensor ${name}`);
    if (tensor.shape.join() !== shape.join()) throw new ModelError(`Tensor ${name} has shape [${tensor.shape}], expected is [${shape}]`);
    this.#taken.add(name);
    return lazyTensorOf(tensor);
  }

  /** @throws ModelError naming a tensor that was not taken and is not one of the ignored */
  finish(ignored: readonly RegExp[]): void {
    for (const name of this.#tensors.keys())
      if (!this.#taken.has(name) && !ignored.some((pattern) => pattern.test(name)))
        throw new ModelError(`The model has a tensor ${name}, which circlet does not know`);
  }
}

/** The weights of a folder. @throws ModelError if it has none @throws SyntaxError if its files are broken or disagree */
export function openWeights(open: OpenFile): Weights {
  const single = open(SINGLE);
  if (single) return new Weights(readSafetensors(single));
  const index = open(INDEX);
  if (!index) throw new ModelError(`The folder has neither ${SINGLE} nor ${INDEX}`);
  const fileOf = shardsOf(index);
  const tensors = new Map<string, StoredTensor>();
  for (const file of new Set(fileOf.values())) {
    const shard = open(file);
    if (!shard) throw new ModelError(`The folder has no ${file}, which ${INDEX} names`);
    for (const [name, tensor] of readSafetensors(shard)) {
      if (fileOf.get(name) !== file)
        throw new SyntaxError(`Cannot read ${file}: it has tensor ${name}, which ${INDEX} does not place there`);
      tensors.set(name, tensor);
    }
  }
  for (const [name, file] of fileOf) if (!tensors.has(name)) throw new SyntaxError(`Cannot read ${file}: it has no tensor ${name}`);
  return new Weights(tensors);
}

/** The file of every tensor, by an index file. @throws SyntaxError if it is malformed or names files elsewhere */
export function shardsOf(index: ByteSource): Map<string, string> {
  const content = parseJson(decodeUtf8(index.read(0, index.length)), INDEX);
  const map = isRecord(content) ? content.weight_map : undefined;
  if (!isRecord(map)) throw new SyntaxError(`Cannot read ${INDEX}: it has no weight_map`);
  return new Map(
    Object.entries(map).map(([name, file]) => {
      if (typeof file !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(file))
        throw new SyntaxError(`Cannot read ${INDEX}: tensor ${name} is in the file ${String(file)}`);
      return [name, file];
    }),
  );
}
