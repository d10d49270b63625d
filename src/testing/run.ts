/**
 * `npm test`: format and lint, both type checks, all suites on every adapter and runtime, the build, and what was built. Every step runs even if an earlier one
 * failed. A step whose driver is not installed is named before the last line, or fails if REQUIRE_WEBGPU=1. The last line counts all tests, a step that is not
 * a test suite as one. `npm test -- Deno` runs the steps with that word in their names alone.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DRIVERS, type Driver, environmentOf } from "./drivers.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CACHE = join(ROOT, ".cache");
const REPORT = join(CACHE, "vitest.json");

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What was left out, for the lines before the last. */
  readonly notes?: readonly string[];
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Counts from exit code and output; without it the step is one test. */
  readonly count?: (code: number, output: string) => Count;
  /** What its environment has beside everyone's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The adapter that the step is for: without it the step is not run. */
  readonly driver?: Driver;
  /** The adapter for what needs one, if it is installed, so that a GPU in the machine changes nothing. */
  readonly prefers?: Driver;
}

const bin = (name: string): string => join(ROOT, "node_modules", ".bin", name);
/** What is repeated on a second adapter; all suites run on the first one. */
const ADAPTER_SUITES = ["src/backend/webgpu/", "src/testing/proof-bytes.test.ts"];
const oneTest = (code: number): Count => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

const vitest = (...args: string[]): Pick<Step, "command" | "count"> => ({
  command: [bin("vitest"), "run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`],
  count: countVitest,
});
const deno = (permissions: readonly string[], ...files: string[]): Pick<Step, "command" | "count"> => ({
  command: [bin("deno"), "test", "--no-check", "--no-lock", ...permissions, ...files],
  count: countDeno,
});

const STEPS: readonly Step[] = [
  { name: "format and lint", command: [bin("biome"), "check", "--error-on-warnings", "--max-diagnostics=100"] },
  { name: "types", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "types of the verifier without a platform", command: [bin("tsc"), "-p", "src/verifier/tsconfig.json"] },
  { name: "types of the page", command: [bin("tsc"), "-p", "demo/tsconfig.json"] },
  { name: "suites in Node", prefers: DRIVERS.lavapipe, ...vitest() },
  {
    name: "Node, Dawn on SwiftShader",
    driver: DRIVERS.swiftshader,
    environment: { CIRCLET_ADAPTER_TESTS: "1" }, // with the suites named *.adapter-test.ts
    ...vitest(...ADAPTER_SUITES),
  },
  { name: "suites in Deno", ...deno(["--allow-read", "--allow-env"], "src/testing/platform.deno.ts") },
  {
    name: "Deno, its own WebGPU and Dawn on lavapipe",
    driver: DRIVERS.lavapipe,
    ...deno(["-A"], "src/testing/webgpu.deno.ts"),
  },
  {
    name: "the command line in Deno", // starts processes: apart from the one that holds the drivers
    driver: DRIVERS.lavapipe,
    ...deno(["-A"], "src/testing/cli.deno.ts"),
  },
  { name: "suites in Chromium, WebGPU on SwiftShader", ...vitest("--config", "e2e/vitest.config.ts") },
  { name: "build", command: [bin("vite"), "build"] },
  { name: "types of the build", command: [bin("tsc"), "-p", "src/tsconfig.types.json"] },
  { name: "the build in Node", command: [process.execPath, "src/testing/smoke.mjs"] },
];

/** A crash that leaves no report, or a file that could not be loaded, is a failure even if no test of it is counted. */
function countVitest(code: number): Count {
  if (!existsSync(REPORT)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(REPORT, "utf8")) as {
    readonly numPassedTests: number;
    readonly numFailedTests: number;
    readonly numPendingTests: number;
    readonly numTodoTests: number;
    readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
  };
  const unloaded = report.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
  const failed = report.numFailedTests + unloaded;
  const skipped = report.numPendingTests + report.numTodoTests;
  const count = { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
  return skipped > 0 ? { ...count, notes: [`${skipped} tests were skipped by their suites`] } : count;
}

function countDeno(code: number, output: string): Count {
  const summary = /(\d+) passed[^|]*\| (\d+) failed/.exec(output);
  if (summary === null) return { passed: 0, failed: 1 };
  const failed = Number(summary[2]);
  return { passed: Number(summary[1]), failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** Runs a step's command with its output passed on; a command that cannot be started counts as failed. */
function execute({ command, driver, prefers, environment }: Step): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [file = "", ...args] = command;
    const env = { ...process.env, NO_COLOR: "1", ...environment, ...environmentOf(driver ?? prefers, join(CACHE, "run")) };
    const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    const pass =
      (target: NodeJS.WriteStream) =>
      (chunk: Buffer): void => {
        output += chunk.toString("utf8");
        target.write(chunk);
      };
    child.stdout.on("data", pass(process.stdout));
    child.stderr.on("data", pass(process.stderr));
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve({ code: 127, output });
    });
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A step whose driver is missing: failed where adapters are promised, else one line. */
function countMissing({ name, driver }: Step): Count {
  if (process.env.REQUIRE_WEBGPU === "1") return { passed: 0, failed: 1 };
  return { passed: 0, failed: 0, notes: [`not run: ${name} (${driver?.name} is not installed; .ci/adapters installs it on Debian)`] };
}

async function runStep(step: Step): Promise<Count> {
  rmSync(REPORT, { force: true });
  if (step.driver !== undefined && step.driver.file === undefined) return countMissing(step);
  const { code, output } = await execute(step);
  const count = (step.count ?? oneTest)(code, output);
  const told = output.split("\n").filter((line) => /^not run: |: not run$/.test(line));
  return { ...count, notes: [...told, ...(count.notes ?? []).map((note) => `${note} (${step.name})`)] };
}

async function main(): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  let passed = 0;
  let failed = 0;
  const notes: string[] = ["not run: tests named *.slow.test.ts (npm run test:slow)"];
  const summary: string[] = [];
  const word = process.argv[2] ?? "";
  const steps = STEPS.filter(({ name }) => name.includes(word));
  if (word !== "") notes.push(`not run: ${STEPS.length - steps.length} steps without "${word}" in their names`);
  for (const step of steps) {
    process.stdout.write(`\n== ${step.name}\n`);
    const start = performance.now();
    const count = await runStep(step);
    passed += count.passed;
    failed += count.failed;
    notes.push(...(count.notes ?? []));
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    summary.push(`${count.failed === 0 ? "ok    " : "FAILED"} ${step.name} (${count.passed} passed, ${count.failed} failed, ${seconds} s)`);
  }
  process.stdout.write(`\n${[...summary, ...notes].join("\n")}\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
