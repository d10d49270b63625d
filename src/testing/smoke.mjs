/** What was built works as a package: every export has its file and its types, `verify` loads without a platform, the command line answers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

for (const [name, { types, default: file }] of Object.entries(manifest.exports)) {
  assert.ok(existsSync(new URL(types, root)), `${name} has no types at ${types}`);
  assert.ok(existsSync(new URL(file, root)), `${name} has no file at ${file}`);
  const module = await import(name.replace(/^\./, manifest.name)); // the package by its own name, through its exports
  assert.ok(Object.keys(module).length > 0, `${name} exports nothing`);
}

const { verify } = await import(`${manifest.name}/verify`);
assert.equal(typeof verify, "function");

/** The verifier's files: dist/verify.js and the chunks it imports. */
const seen = new Set();
let bytes = 0;
const visit = (url) => {
  if (seen.has(url.href)) return;
  seen.add(url.href);
  const text = readFileSync(url, "utf8");
  bytes += text.length;
  for (const [, target] of text.matchAll(/(?:from\s*|import\s*\(?\s*)"([^"]+)"/g)) {
    assert.ok(target.startsWith("."), `${url.pathname} imports ${target}`);
    visit(new URL(target, url));
  }
};
visit(new URL("dist/verify.js", root));

/** One bundled model from the package as it was built. */
const { commit, cpuBackend, loadModel, prove } = await import(manifest.name);
const backend = await cpuBackend();
const key = await commit(await loadModel("lande"), { backend });
const { proof, output } = await prove(key, "un texte en français", { backend });
await backend.close();
const statement = verify(key.verifying, proof, { minBits: 100 });
assert.equal(statement.modelId, key.id);
assert.equal(statement.output.label, output.label);

const cli = fileURLToPath(new URL(manifest.bin.circlet, root));
assert.ok(readFileSync(cli, "utf8").startsWith("#!/usr/bin/env node\n"), "the command has no #! line");
const help = execFileSync(process.execPath, [cli, "--help"], { encoding: "utf8" });
for (const command of ["prove", "verify"]) assert.match(help, new RegExp(`\\b${command}\\b`));
const version = execFileSync(process.execPath, [cli, "--version"], { encoding: "utf8" });
assert.equal(version.trim(), manifest.version);
process.stdout.write(`the build answers; circlet/verify is ${bytes} bytes in ${seen.size} files\n`);
