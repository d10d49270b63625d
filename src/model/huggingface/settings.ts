/**
 * The settings of a config.json. Every one must be read, or be known to change nothing: a setting that nobody looked at could make the folder another model than
 * the one that is built.
 */
import { ModelError } from "../../errors.ts";
import { isRecord, type JsonRecord } from "./json.ts";

/** Of training, of generation and of memory: nothing that changes what a forward pass in exact arithmetic gives. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "architectures",
  "_name_or_path",
  "_num_labels",
  "_attn_implementation",
  "_attn_implementation_autoset",
  "attention_dropout",
  "attention_probs_dropout_prob",
  "attn_pdrop",
  "bos_token_id",
  "classifier_dropout",
  "do_sample",
  "dtype",
  "embd_pdrop",
  "eos_token_id",
  "finetuning_task",
  "gradient_checkpointing",
  "hidden_dropout_prob",
  "id2label",
  "initializer_range",
  "is_llama_config",
  "label2id",
  "max_length",
  "max_window_layers",
  "model_type",
  "n_special",
  "num_labels",
  "output_attentions",
  "output_hidden_states",
  "output_past",
  "pad_token_id",
  "predict_special_tokens",
  "pretraining_tp",
  "problem_type",
  "reorder_and_upcast_attn",
  "resid_pdrop",
  "return_dict",
  "summary_activation",
  "summary_first_dropout",
  "summary_proj_to_labels",
  "summary_type",
  "summary_use_proj",
  "task_specific_params",
  "torch_dtype",
  "torchscript",
  "transformers.js_config",
  "transformers_version",
  "unsloth_fixed",
  "unsloth_version",
  "use_bfloat16",
  "use_cache",
]);

export class Settings {
  readonly #values: JsonRecord;
  readonly #where: string;
  readonly #read = new Set<string>();

  /** @param where how messages name the object, e.g. "config.json" */
  constructor(values: JsonRecord, where: string) {
    this.#values = values;
    this.#where = where;
  }

  /** Whether there is a value other than null. */
  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  /** An integer from 1 on. @throws ModelError if it is missing, without `otherwise`, or something else */
  size(key: string, otherwise?: number): number {
    const value = this.#value(key) ?? otherwise;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw this.#wrong(key, "an integer from 1 on");
    return value;
  }

  /** A finite number above 0. @throws ModelError */
  positive(key: string, otherwise?: number): number {
    const value = this.#value(key) ?? otherwise;
    if (typeof value !== "number" || !(value > 0 && value < Number.POSITIVE_INFINITY)) throw this.#wrong(key, "a number above 0");
    return value;
  }

  /** @throws ModelError */
  flag(key: string, otherwise: boolean): boolean {
    const value = this.#value(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.#wrong(key, "true or false");
    return value;
  }

  /** What a text stands for. @throws ModelError naming the known texts */
  choice<T>(key: string, known: Readonly<Record<string, T>>, otherwise?: string): T {
    const value = this.#value(key) ?? otherwise;
    const found = typeof value === "string" && Object.hasOwn(known, value) ? known[value] : undefined;
    if (found === undefined) throw this.#wrong(key, Object.keys(known).join(" or "));
    return found;
  }

  /** An object's settings; null where there are none. @throws ModelError */
  inner(key: string): Settings | null {
    const value = this.#value(key);
    if (value === undefined) return null;
    if (!isRecord(value)) throw this.#wrong(key, "an object");
    return new Settings(value, `${key} of ${this.#where}`);
  }

  /** Holds a setting to the only values that circlet computes; null and absence are fine. @throws ModelError */
  only(key: string, ...values: readonly (string | number | boolean)[]): void {
    const value = this.#value(key);
    if (value !== undefined && !values.some((v) => v === value)) throw this.#wrong(key, values.join(" or "));
  }

  /** Holds every item of a list to the only value that circlet computes. @throws ModelError */
  each(key: string, item: string): void {
    const value = this.#value(key);
    if (value !== undefined && !(Array.isArray(value) && value.every((v) => v === item))) throw this.#wrong(key, `a list of ${item}`);
  }

  /** Settings that another one makes idle. */
  idle(...keys: readonly string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /** @throws ModelError naming a setting that was not read and is not known to change nothing */
  finish(): void {
    for (const key of Object.keys(this.#values))
      if (!this.#read.has(key) && !WITHOUT_EFFECT.has(key))
        throw new ModelError(`The setting ${key} (${JSON.stringify(this.#values[key])}) of ${this.#where} is not known to circlet`);
  }

  #value(key: string): unknown {
    this.#read.add(key);
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined;
  }

  #wrong(key: string, wanted: string): ModelError {
    const value = this.#values[key];
    return new ModelError(
      `The setting ${key} of ${this.#where} is ${value === undefined ? "missing" : JSON.stringify(value)}, circlet wants ${wanted}`,
    );
  }
}
