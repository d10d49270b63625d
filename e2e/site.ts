/** The page as it is served: by the dev server from its sources, or built and previewed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createServer, preview } from "vite";

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export const MODES = ["dev server", "build"] as const;
export type Mode = (typeof MODES)[number];

const configFile = fileURLToPath(new URL("../demo/vite.config.ts", import.meta.url));
const common = { configFile, logLevel: "error", clearScreen: false } as const;

export async function serveSite(mode: Mode): Promise<Site> {
  if (mode === "dev server") {
    const server = await createServer({ ...common, server: { port: 0, watch: null, hmr: false } });
    await server.listen();
    return { url: local(server.resolvedUrls), close: () => server.close() };
  }
  const outDir = await mkdtemp(join(tmpdir(), "circlet-demo-"));
  await build({ ...common, build: { outDir, emptyOutDir: true } });
  const server = await preview({ ...common, build: { outDir }, preview: { port: 0 } });
  const close = async () => {
    await server.close();
    await rm(outDir, { recursive: true });
  };
  return { url: local(server.resolvedUrls), close };
}

function local(urls: { readonly local: readonly string[] } | null): string {
  const url = urls?.local[0];
  if (!url) throw new Error("The server has no address");
  return url;
}
