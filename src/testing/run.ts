/**
 * `npm test`: format and lint, both type checks, all suites, the build, and what was built. Every step runs even if an earlier one failed. The last
 * line counts all tests, a step that is not a test suite as one.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const REPORT = join(ROOT, ".cache", "vitest.json");

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What was left out, for the notes before the last line. */
  readonly note?: string;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Counts from exit code and output; without it the step is one test. */
  readonly count?: (code: number, output: string) => Count;
}

const bin = (name: string): string => join(ROOT, "node_modules", ".bin", name);
const oneTest = (code: number): Count => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

const STEPS: readonly Step[] = [
  { name: "format and lint", command: [bin("biome"), "check", "--error-on-warnings", "--max-diagnostics=100"] },
  { name: "types", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "types of the verifier without a platform", command: [bin("tsc"), "-p", "src/verifier/tsconfig.json"] },
  {
    name: "suites in Node",
    command: [bin("vitest"), "run", "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`],
    count: countVitest,
  },
  { name: "build", command: [bin("vite"), "build"] },
  { name: "types of the build", command: [bin("tsc"), "-p", "src/tsconfig.types.json"] },
  { name: "the build in Node", command: [process.execPath, "src/testing/smoke.mjs"] },
  {
    name: "suites in Deno",
    command: [bin("deno"), "test", "--no-check", "--no-lock", "--allow-read", "--allow-env", "src/testing/platform.deno.ts"],
    count: countDeno,
  },
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
  return skipped > 0 ? { ...count, note: `${skipped} tests in Node were skipped by their suites` } : count;
}

function countDeno(code: number, output: string): Count {
  const summary = /(\d+) passed[^|]*\| (\d+) failed/.exec(output);
  if (summary === null) return { passed: 0, failed: 1 };
  const failed = Number(summary[2]);
  return { passed: Number(summary[1]), failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** Runs a command with its output passed on; a command that cannot be started counts as failed. */
function execute(command: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [file = "", ...args] = command;
    const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
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

async function main(): Promise<void> {
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  rmSync(REPORT, { force: true });
  let passed = 0;
  let failed = 0;
  const notes: string[] = ["not run: tests named *.slow.test.ts (npm run test:slow)"];
  const summary: string[] = [];
  for (const step of STEPS) {
    process.stdout.write(`\n== ${step.name}\n`);
    const start = performance.now();
    const { code, output } = await execute(step.command);
    const count = (step.count ?? oneTest)(code, output);
    passed += count.passed;
    failed += count.failed;
    if (count.note !== undefined) notes.push(count.note);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    summary.push(`${count.failed === 0 ? "ok    " : "FAILED"} ${step.name} (${count.passed} passed, ${count.failed} failed, ${seconds} s)`);
  }
  process.stdout.write(`\n${[...summary, ...notes].join("\n")}\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
