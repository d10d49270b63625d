/** Writes models/lande from the npm package lande: `npx tsx src/model/lande-extract.ts [folder]`. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { convertLande } from "./lande.ts";

const source = new URL("../../node_modules/lande/", import.meta.url);
const standalone = async (file: string) => (await import(new URL(`standalone/${file}.js`, source).href)).default;
const folder = process.argv[2] ?? new URL("../../models/lande", import.meta.url).pathname;

const { onnx, description } = convertLande({
  options: await standalone("t50-options"),
  ngrams: await standalone("t50-ngrams"),
  languages: await standalone("t50-langs"),
});
await mkdir(folder, { recursive: true });
await writeFile(`${folder}/model.onnx`, onnx);
await writeFile(`${folder}/model.json`, `${JSON.stringify(description, null, 1)}\n`);
await writeFile(`${folder}/LICENSE-MIT`, await readFile(new URL("license", source)));
await writeFile(
  `${folder}/README.md`,
  `# lande

Language identification in 50 languages: the weights and n-gram lists of the npm package lande 1.0.10 by Fabio Spampinato (MIT, see LICENSE-MIT),
converted by src/model/lande-extract.ts. The network is Gemm(620, 120), Relu, Gemm(120, 50); its inputs are the frequencies of 620 n-grams of 1 to 4 UTF-16 code units.
`,
);
