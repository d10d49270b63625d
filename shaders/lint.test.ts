/** Rules for shader text: what every WGSL compiler takes, and means the same by. */
import { describe, expect, it } from "vitest";
import { EXAMPLES, KERNELS } from "./index.ts";
import { variants } from "./variants.ts";

const MAX_WORKGROUP = 256;

interface Rule {
  readonly name: string;
  /** What is wrong in a line; comments are taken out of `code`. */
  readonly broken: (code: string, line: string) => boolean;
}

const RULES: readonly Rule[] = [
  // within a loop such a variable keeps the value of the round before under some compilers
  { name: "a local variable has an initial value", broken: (code) => /\bvar\s+\w+\s*(:[^=;]*)?;/.test(code) },
  {
    name: "no pointer to an element, but of atomics",
    broken: (code) => /(^|[(,=])\s*&\s*\w+(\.\w+)*\s*\[/.test(code.replace(/\batomic\w+\(&/g, "")),
  },
  { name: "no pointer to storage or workgroup memory as a parameter", broken: (code) => /\bptr\s*<\s*(storage|workgroup)\b/.test(code) },
  { name: "no remainder", broken: (code) => code.includes("%") },
  {
    name: "a division that is not by a power of two says why",
    broken: (code, line) => /\/(?!\s*(2|4|8|16|32|64)u?\b)/.test(code) && !/\/\/ divides/.test(line),
  },
  { name: "nothing undefined in the text", broken: (code) => /\b(undefined|NaN|null|true\w|\[object)/.test(code) },
];

const codeOf = (line: string): string => line.replace(/\/\/.*$/, "");

function violations(text: string): string[] {
  const lines = text.split("\n");
  return lines.flatMap((line) => RULES.filter(({ broken }) => broken(codeOf(line), line)).map(({ name }) => `${name}: ${line.trim()}`));
}

/** `enable`, `requires` and `diagnostic` come before everything else. */
function lateDirectives(text: string): string[] {
  const code = text.split("\n").map((line) => codeOf(line).trim());
  const isDirective = (line: string): boolean => /^(enable|requires|diagnostic)\b/.test(line);
  const first = code.findIndex((line) => line !== "" && !isDirective(line));
  return code.slice(first).filter(isDirective);
}

/** Invocations of every workgroup declared, by literals or constants of the text. */
function workgroupSizes(text: string): number[] {
  const constants = new Map([...text.matchAll(/^const (\w+) = (\d+)u;/gm)].map(([, name, value]) => [name, Number(value)]));
  const sizeOf = (size: string): number => constants.get(size.trim()) ?? Number(size);
  return [...text.matchAll(/@workgroup_size\(([^)]*)\)/g)].map(([, sizes = ""]) =>
    sizes.split(",").reduce((n, size) => n * sizeOf(size), 1),
  );
}

it.each([...KERNELS, ...EXAMPLES])("the kernel $name keeps the rules with every option", (kernel) => {
  for (const { label, features } of variants({ u64: true, subgroup: 32, enableSubgroups: true })) {
    const text = kernel.text(features);
    expect(violations(text), label).toEqual([]);
    expect(lateDirectives(text), label).toEqual([]);
    const sizes = workgroupSizes(text);
    expect(sizes, label).toHaveLength(1);
    expect(sizes[0], label).toBeGreaterThan(0);
    expect(sizes[0], label).toBeLessThanOrEqual(MAX_WORKGROUP);
  }
});

it("kernels have names of their own", () => {
  expect(new Set(KERNELS.map(({ name }) => name)).size).toBe(KERNELS.length);
});

describe("the rules", () => {
  it.each([
    "  var x: u32;",
    "  var x: array<u32, 4>;",
    "  f(&a[1]);",
    "fn f(p: ptr<storage, u32, read>) {}",
    "fn f(p: ptr<workgroup, u32>) {}",
    "  let x = a % b;",
    "  let x = a / b;",
    "  let x = a / 3u;",
    "  let x = undefinedu + undefined;",
  ])("refuse %s", (line) => expect(violations(line)).toHaveLength(1));

  it.each([
    "var<workgroup> block: array<u32, 8>;",
    "  var x = 0u; // not x / y or x % y",
    "  atomicMin(&found, nonce);",
    "  atomicAdd(&bins[i], 1u);",
    "fn f(p: ptr<function, u32>) {}",
    "  let x = LANES / 2u;",
    "  let x = a / b; // divides once an invocation",
  ])("take %s", (line) => expect(violations(line)).toEqual([]));

  it("find late directives and workgroup sizes", () => {
    expect(lateDirectives("// text\nenable subgroups;\nconst P = 1u;")).toEqual([]);
    expect(lateDirectives("const P = 1u;\nenable subgroups;")).toEqual(["enable subgroups;"]);
    expect(workgroupSizes("const LANES = 64u;\n@compute @workgroup_size(LANES)\n@compute @workgroup_size(16, 32)")).toEqual([64, 512]);
  });
});
