/**
 * The files that the page fetches: the bundled models, and their verifying keys, made from them by the server or the build, so that a visitor can verify
 * without proving. A prover in the page makes the same keys again.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { commit, cpuBackend, encodeKey, loadModel } from "../src/index.ts";
import { MODEL_NAMES, type ModelName } from "./messages.ts";

const MODELS = fileURLToPath(new URL("../models/", import.meta.url));
const FILES: Readonly<Record<ModelName, readonly string[]>> = {
  lande: ["model.onnx", "model.json", "README.md", "LICENSE-MIT"],
  "mnist-small": ["model.onnx", "model.json", "README.md"],
};
const TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  md: "text/plain; charset=utf-8",
  "LICENSE-MIT": "text/plain; charset=utf-8",
};

export function assets(): Plugin {
  const files = new Map<string, () => Promise<Uint8Array>>();
  for (const name of MODEL_NAMES) {
    for (const file of FILES[name]) files.set(`models/${name}/${file}`, () => readFile(`${MODELS}${name}/${file}`));
    let key: Promise<Uint8Array> | undefined;
    files.set(`keys/${name}.vk`, () => (key ??= makeKey(name)));
  }
  return {
    name: "circlet-assets",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = decodeURI(request.url ?? "")
          .replace(/^\//, "")
          .replace(/\?.*$/, "");
        const file = files.get(path);
        if (!file) return next();
        file().then((bytes) => {
          response.setHeader("Content-Type", TYPES[path.replace(/^.*[./]/, "")] ?? "application/octet-stream");
          response.end(bytes);
        }, next);
      });
    },
    async generateBundle() {
      for (const [fileName, file] of files) this.emitFile({ type: "asset", fileName, source: await file() });
    },
  };
}

async function makeKey(name: ModelName): Promise<Uint8Array> {
  const backend = await cpuBackend({ threads: 1 });
  try {
    const { verifying } = await commit(await loadModel(name, { bundled: MODELS }), { backend });
    return encodeKey(verifying);
  } finally {
    await backend.close();
  }
}
