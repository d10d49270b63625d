/** The import graph of src/, read from the import lines. Paths are relative to src/, with forward slashes. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const SOURCE_ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Import {
  /** A path inside src/, or a package's or platform's name. */
  readonly target: string;
  readonly local: boolean;
  /** `import()`: loaded on demand. */
  readonly dynamic: boolean;
  /** `import type`: nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

export interface SourceFile {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

const STATIC = /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*${][^;"']*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** The imports of one file's text. */
export function importsOf(path: string, text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const resolve = (name: string): Pick<Import, "target" | "local"> =>
    name.startsWith(".")
      ? {
          target: normalize(join(dirname(path), name))
            .split(sep)
            .join("/"),
          local: true,
        }
      : { target: name, local: false };
  return [
    ...[...code.matchAll(STATIC)].map((m) => ({ ...resolve(m[2] ?? ""), dynamic: false, typeOnly: m[1] !== undefined })),
    ...[...code.matchAll(DYNAMIC)].map((m) => ({ ...resolve(m[1] ?? ""), dynamic: true, typeOnly: false })),
  ];
}

/** All TypeScript files of src/ but AssemblyScript's, which is another language. */
export function readSources(): SourceFile[] {
  return readdirSync(SOURCE_ROOT, { recursive: true, encoding: "utf8" })
    .map((path) => path.split(sep).join("/"))
    .filter((path) => path.endsWith(".ts") && !path.includes("/assembly/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(SOURCE_ROOT, path), "utf8");
      return { path, lines: text.split("\n").length - 1, imports: importsOf(path, text) };
    });
}

/** Files reached from `starts` over static imports, type imports included. */
export function closure(files: readonly SourceFile[], starts: readonly string[]): SourceFile[] {
  const byPath = new Map(files.map((f) => [f.path, f]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const i of byPath.get(path)?.imports ?? []) if (i.local && !i.dynamic) visit(i.target);
  };
  for (const start of starts) visit(start);
  return files.filter((f) => reached.has(f.path));
}

/** The first cycle of static imports, as a path that begins and ends with the same file; null if there is none. */
export function findCycle(files: readonly SourceFile[]): string[] | null {
  const byPath = new Map(files.map((f) => [f.path, f]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    trail.push(path);
    for (const i of byPath.get(path)?.imports ?? []) {
      const cycle = i.local && !i.dynamic ? visit(i.target) : null;
      if (cycle !== null) return cycle;
    }
    trail.pop();
    done.add(path);
    return null;
  };
  for (const { path } of files) {
    const cycle = visit(path);
    if (cycle !== null) return cycle;
  }
  return null;
}
