/** Where models come from: a bundled name, a folder or an ONNX file, a URL, bytes, a File. */
import { ModelError } from "../errors.ts";
import { buildModel, type Model } from "./build.ts";
import { type ModelDescription, parseDescription } from "./description.ts";
import type { QuantizationBits } from "./quantize.ts";

export type { Model } from "./build.ts";

/** Names that `loadModel` knows without a path. */
export const BUNDLED_MODELS = ["lande", "mnist-small"] as const;

export interface LoadOptions {
  /** Instead of the description's. */
  readonly bits?: QuantizationBits;
  /** For a bare ONNX file: what model.json would say. */
  readonly description?: ModelDescription;
  /** Reads a file; of the runtime unless given. Rejects if there is none. */
  readonly read?: (location: string) => Promise<Uint8Array>;
  /** Folder or URL of the bundled models; beside circlet unless given. */
  readonly bundled?: string;
}

/** The options that change which program a model becomes. */
export type BuildOptions = Pick<LoadOptions, "bits">;

/** A model's files. */
export interface ModelSource {
  readonly onnx: Uint8Array;
  readonly description: ModelDescription;
}

/**
 * Loads and compiles a model.
 * @param source a bundled name; a folder or URL with model.onnx and model.json; an ONNX file beside its model.json; or an ONNX file's bytes, which need a description
 * @throws SyntaxError or ModelError if it is no model that can be proven
 */
export async function loadModel(source: string | Uint8Array | Blob, options: LoadOptions = {}): Promise<Model> {
  const { onnx, description } = await loadSource(source, options);
  return buildModel(onnx, description, options.bits);
}

/** Reads a model's files, for `importModel`. @throws ModelError if there are none */
export async function loadSource(source: string | Uint8Array | Blob, options: Omit<LoadOptions, "bits"> = {}): Promise<ModelSource> {
  if (typeof source !== "string") {
    if (!options.description) throw new ModelError("An ONNX file alone does not say what its input means: give a description");
    return {
      onnx: source instanceof Uint8Array ? source : new Uint8Array(await source.arrayBuffer()),
      description: options.description,
    };
  }
  const read = options.read ?? readLocation;
  const known = (BUNDLED_MODELS as readonly string[]).includes(source);
  const base = known ? `${(options.bundled ?? bundledLocation()).replace(/\/$/, "")}/${source}` : source.replace(/\/$/, "");
  const file = base.endsWith(".onnx") ? base : `${base}/model.onnx`;
  const onnx = await read(file).catch((cause: Error) => {
    throw new ModelError(`Cannot read ${file}: ${cause.message}; bundled models are ${BUNDLED_MODELS.join(", ")}`);
  });
  if (options.description) return { onnx, description: options.description };
  const beside = file.replace(/[^/\\]*$/, "model.json");
  const text = await read(beside).catch((cause: Error) => {
    throw new ModelError(`Cannot read ${beside}, which says what the model's input means: ${cause.message}`);
  });
  return { onnx, description: parseDescription(new TextDecoder().decode(text)) };
}

/** The models folder of this package, from its sources or from its bundle. */
export function bundledLocation(): string {
  return new URL(new URL(import.meta.url).pathname.endsWith("/src/model/load.ts") ? "../../models" : "../models", import.meta.url).href;
}

/** Reads a path or file URL with Node's file system (Node, Deno), any other URL with fetch. */
async function readLocation(location: string): Promise<Uint8Array> {
  const remote = /^[a-z][a-z+.-]+:/i.test(location) && !location.startsWith("file:");
  const runtime = globalThis as { process?: { versions?: { node?: string } }; Deno?: unknown };
  if (!remote && (runtime.process?.versions?.node !== undefined || runtime.Deno !== undefined)) {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(location.startsWith("file:") ? new URL(location) : location));
  }
  const response = await fetch(location);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
