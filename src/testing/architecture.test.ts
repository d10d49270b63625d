/** Holds the import lines of src/ to the module map: which module may import which, what the verifier reaches, no cycles, no long files. */
import { describe, expect, it } from "vitest";
import { closure, findCycle, importsOf, readSources, type SourceFile } from "./imports.ts";

const DATA = ["errors", "system/types", "tensor/integers", "transcript/tags"];
const DEVICE = ["backend/backend", "backend/columns"];
const ARGUMENTS = ["sumcheck", "lookup", "pcs"];
const BASE = [...DATA, "field", "hash", "poly", "line", "transcript", "merkle", "tensor", "system", "security"];
const CLOSURE = [...BASE, ...ARGUMENTS, "statement", "proof"];

/** Module -> modules it may import besides itself. `prove` stands for the prove.ts files; the first four are data that everyone may name. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  "system/types": [],
  "tensor/integers": [],
  "transcript/tags": [],
  "backend/backend": ["tensor/integers"],
  "backend/columns": [...DATA, "field", "backend/backend"],
  field: ["errors"],
  hash: [...DATA, "field"],
  poly: [...DATA, "field"],
  line: [...DATA, "field"],
  transcript: [...DATA, "field", "hash"],
  merkle: [...DATA, "field", "hash"],
  tensor: [...DATA],
  statement: ["errors", "field"],
  system: [...DATA, "field", "tensor", "poly"],
  security: [...DATA, "field", "system"],
  sumcheck: [...BASE, "lookup", "pcs"],
  lookup: [...BASE, "pcs"],
  pcs: BASE,
  prove: [...BASE, ...ARGUMENTS, "prover", ...DEVICE],
  proof: [...BASE, ...ARGUMENTS, "statement"],
  verifier: CLOSURE,
  "proof/sizes": [...CLOSURE, "verifier"],
  backend: [...DATA, "field", "hash", "line", "poly", "merkle", ...DEVICE],
  "backend/webgpu": [...DATA, "field", "hash", "line", "poly", "backend", ...DEVICE, "shaders"],
  prover: [...CLOSURE, "verifier", "prove", ...DEVICE],
  ops: [...DATA, "tensor", "system"],
  model: [...CLOSURE, "ops"],
  segments: [...CLOSURE, "verifier"],
  verify: [...CLOSURE, "verifier", "segments"],
  cpu: ["backend", ...DEVICE],
  webgpu: ["backend/webgpu", ...DEVICE],
  api: [...CLOSURE, "verifier", "prover", "prove", ...DEVICE, "ops", "model"],
  decoder: [...CLOSURE, "verifier", "prover", "prove", ...DEVICE, "model"],
  "decoder-segments": [...CLOSURE, "verifier", "segments", "prover", "prove", ...DEVICE, "model", "decoder"],
  encoder: [...CLOSURE, "verifier", "prover", "prove", ...DEVICE, "model"],
  index: [...DATA, "decoder", "decoder-segments", "encoder", "api", "verify", "backend", ...DEVICE, "prover", "model"],
};
const FREE = ["bench", "chain", "cli", "server", "testing"];

/** Packages that a module may import; Node's modules are for FREE and for the scripts that make bundled models and generated code. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = { model: ["@huggingface/tokenizers", "protobufjs/light.js"] };
const SCRIPTS = /^(model\/mnist\/|model\/.*-extract\.ts$|backend\/cpu\/build\.ts$|model\/products\/build\.ts$)/;

function moduleOf(path: string): string {
  const name = path.replace(/\.ts$/, "");
  if (name in MAY_IMPORT) return name;
  if (/^(sumcheck|lookup|pcs)\/prove/.test(name)) return "prove";
  if (name.startsWith("backend/webgpu/")) return "backend/webgpu";
  if (name.startsWith("../shaders/")) return "shaders";
  return name.split("/")[0] ?? name;
}

const isTest = (path: string): boolean => /[.-](test|bench)\.ts$/.test(path);
const isFree = (path: string): boolean => isTest(path) || FREE.includes(moduleOf(path));

function forbiddenEdges(files: readonly SourceFile[]): string[] {
  return files
    .filter((f) => !isFree(f.path))
    .flatMap((f) => {
      const from = moduleOf(f.path);
      const allowed = MAY_IMPORT[from];
      if (allowed === undefined) return [`${f.path}: module ${from} is not in the table`];
      return f.imports.flatMap((i) => {
        const to = moduleOf(i.target);
        const fine = i.local
          ? to === from || (!isFree(i.target) && allowed.includes(to))
          : PACKAGES[from]?.includes(i.target) === true || SCRIPTS.test(f.path) || i.dynamic;
        return fine ? [] : [`${f.path} imports ${i.target}`];
      });
    });
}

const source = (path: string, text: string): SourceFile => ({ path, lines: 1, imports: importsOf(path, text) });

describe("importsOf()", () => {
  it("reads every form of import, and no comment", () => {
    const text = `
/** import { a } from "./no.ts"; */
// import { a } from "./no.ts";
import { a, type B } from "../field/m31.ts";
import type { C } from "./c.ts";
import * as d from "node:fs";
import {
  long,
  list,
} from "../errors.ts";
import "./side.ts";
export * from "./e.ts";
export const text = "from";
const late = await import("./late.ts");`;
    expect(importsOf("pcs/x.ts", text)).toEqual([
      { target: "field/m31.ts", local: true, dynamic: false, typeOnly: false },
      { target: "pcs/c.ts", local: true, dynamic: false, typeOnly: true },
      { target: "node:fs", local: false, dynamic: false, typeOnly: false },
      { target: "errors.ts", local: true, dynamic: false, typeOnly: false },
      { target: "pcs/side.ts", local: true, dynamic: false, typeOnly: false },
      { target: "pcs/e.ts", local: true, dynamic: false, typeOnly: false },
      { target: "pcs/late.ts", local: true, dynamic: true, typeOnly: false },
    ]);
  });
});

describe("the module map", () => {
  const files = readSources();

  it("is read from this tree", () => {
    const pcs = files.find((f) => f.path === "pcs/verify.ts");
    expect(pcs?.imports.map((i) => i.target)).toContain("errors.ts");
  });

  it("has every edge of the tree", () => {
    expect(forbiddenEdges(files)).toEqual([]);
  });

  it.each([
    ["field/a.ts", 'import { b } from "../hash/b.ts";'],
    ["verifier/a.ts", 'import { b } from "../pcs/prove.ts";'],
    ["verifier/a.ts", 'import type { Session } from "../backend/backend.ts";'],
    ["backend/cpu/a.ts", 'import { b } from "../../transcript/receiver.ts";'],
    ["backend/cpu/a.ts", 'import { b } from "../../../shaders/kernel.ts";'],
    ["pcs/a.ts", 'import { b } from "../testing/b.ts";'],
    ["model/a.ts", 'import { readFileSync } from "node:fs";'],
    ["pcs/a.ts", 'import b from "protobufjs/light.js";'],
    ["elsewhere/a.ts", ""],
  ])("refuses in %s: %s", (path, text) => {
    expect(forbiddenEdges([source(path, text)])).toHaveLength(1);
  });

  it("has no cycles", () => {
    expect(findCycle(files)).toBeNull();
    expect(findCycle([source("pcs/a.ts", 'import "./b.ts";'), source("pcs/b.ts", 'import "./a.ts";')])).toEqual([
      "pcs/a.ts",
      "pcs/b.ts",
      "pcs/a.ts",
    ]);
  });

  it("keeps provers, backends, platforms and packages out of what the verifier reaches", () => {
    const starts = files.filter((f) => (moduleOf(f.path) === "verifier" || f.path === "verify.ts") && !isTest(f.path)).map((f) => f.path);
    expect(starts).toContain("verify.ts");
    const reached = closure(files, starts);
    expect(reached.map((f) => f.path)).toContain("pcs/verify.ts");
    const outside = reached.filter((f) => ![...CLOSURE, "verifier", "segments", "verify"].includes(moduleOf(f.path)));
    expect(outside.map((f) => f.path)).toEqual([]);
    expect(reached.flatMap((f) => f.imports.filter((i) => !i.local || i.dynamic).map((i) => `${f.path}: ${i.target}`))).toEqual([]);
  });

  it("keeps Node's modules out of what the public entries load", () => {
    const entries = ["index.ts", "verify.ts", "cpu.ts", "webgpu.ts"];
    const reached = closure(files, entries);
    expect(reached.map((f) => f.path)).toEqual(expect.arrayContaining(entries));
    const node = reached.flatMap((f) =>
      f.imports.filter((i) => i.target.startsWith("node:") && !i.dynamic).map((i) => `${f.path}: ${i.target}`),
    );
    expect(node).toEqual([]);
  });

  it("has no file past 400 lines but generated ones", () => {
    expect(files.filter((f) => f.lines > 400 && !f.path.endsWith(".gen.ts")).map((f) => `${f.path}: ${f.lines}`)).toEqual([]);
  });
});
