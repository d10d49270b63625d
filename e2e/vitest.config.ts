/** End-to-end tests of the page: `npm run test:e2e`. With REQUIRE_BROWSER=1 a missing Chromium is a failure, else one line says that they were not run. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    environment: "node",
    include: ["e2e/**/*.test.ts", "demo/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
