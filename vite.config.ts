/** The library build (five entries into dist/) and the test configuration. Types are written by `tsc -p src/tsconfig.types.json`. */
import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };

export default defineConfig({
  build: {
    target: "es2023",
    outDir: "dist",
    emptyOutDir: true,
    copyPublicDir: false,
    reportCompressedSize: false,
    minify: false,
    lib: {
      entry: { index: "src/index.ts", verify: "src/verify.ts", cpu: "src/cpu.ts", webgpu: "src/webgpu.ts", cli: "src/cli/main.ts" },
      formats: ["es"],
    },
    rolldownOptions: {
      // a platform's modules and dependencies are resolved where the package is used
      external: [/^node:/, ...Object.keys(manifest.dependencies).map((name) => new RegExp(`^${name}($|/)`))],
      // beside the entries: src/model/load.ts finds the bundled models next to the folder that it lies in
      output: { chunkFileNames: "[name]-[hash].js" },
    },
  },
  test: {
    environment: "node",
    include: [
      "src/**/*.test.ts",
      "shaders/**/*.test.ts",
      ...(process.env.CIRCLET_ADAPTER_TESTS === "1" ? ["src/**/*.adapter-test.ts"] : []),
    ],
    exclude: ["**/node_modules/**", "**/dist/**", ...(process.env.CIRCLET_SLOW === "1" ? [] : ["src/**/*.slow.test.ts"])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
