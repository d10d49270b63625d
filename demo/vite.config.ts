/** The page: `npm run demo` serves it, `npm run demo:build` writes it to demo/dist, for any static host. */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { assets } from "./assets.ts";

/** A cross-origin isolated page may share memory between threads; on a host that does not send these headers the prover has one thread. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Everything comes from the page's own host; kernels are compiled in the page, and the prover's threads start from text. */
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; img-src 'self' data:; base-uri 'none'; form-action 'none'";

const policy: Plugin = {
  name: "circlet-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
  ],
};

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  plugins: [assets(), policy],
  server: { headers: ISOLATION, fs: { allow: [".."] } },
  // found only in the worker otherwise, and the page would reload in the middle of the first proof
  optimizeDeps: { include: ["protobufjs/light.js"] },
  preview: { headers: ISOLATION },
  worker: { format: "es" },
  build: { target: "es2023", outDir: "dist", emptyOutDir: true, reportCompressedSize: false },
});
