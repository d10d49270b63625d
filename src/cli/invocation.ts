/** How this command line was called, so that it can say the exact command that comes next. */

/** "npm run circlet --" from a script of the package, else "npx circlet". */
export function invocation(): string {
  return process.env.npm_lifecycle_event !== undefined || import.meta.url.endsWith(".ts") ? "npm run circlet --" : "npx circlet";
}

/** A word as a POSIX shell has to be given it. */
export function shellWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A model's name as a file name. */
export function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+/, "") || "model";
}
