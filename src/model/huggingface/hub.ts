/**
 * Models of the Hugging Face hub, downloaded into a cache folder: <cache>/<organisation>/<name>/<file>. config.json is written last, so a folder that has it is
 * whole, and is used without asking the hub again.
 */
import { ModelError } from "../../errors.ts";
import { encodeUtf8 } from "../../statement/utf8.ts";
import { memorySource } from "../source.ts";
import { architectureOf, readJson } from "./folder.ts";
import { MODULES, poolingConfigs } from "./pooling.ts";
import { INDEX, SINGLE, shardsOf } from "./weights.ts";

const HUB = "https://huggingface.co";

export interface DownloadOptions {
  /** Folder of all models; by default $CIRCLET_CACHE, else ~/.cache/circlet. */
  readonly cache?: string;
  /** Address of the hub; by default $HF_ENDPOINT, else the hub's own. */
  readonly endpoint?: string;
  /** Sees how many bytes of a file have come, and of how many if the hub says it. */
  readonly report?: (file: string, received: number, total: number | null) => void;
  readonly signal?: AbortSignal;
}

/** Whether a text has the form of a model's name at the hub: organisation/name. */
export function isHubId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(text) && !text.includes("..");
}

/**
 * The cache folder of a hub model, complete. @throws ModelError if the hub does not have it, or if circlet does not know its architecture: then nothing more is
 * downloaded @throws Error if the hub cannot be reached or breaks off; what was downloaded in part is never used
 */
export async function downloadFolder(id: string, options: DownloadOptions = {}): Promise<string> {
  const { existsSync } = await import("node:fs");
  const { mkdir, readFile, rename, writeFile } = await import("node:fs/promises");
  const { homedir } = await import("node:os");
  const { dirname, join } = await import("node:path");
  const folder = join(options.cache ?? (process.env.CIRCLET_CACHE || join(homedir(), ".cache", "circlet")), ...id.split("/"));
  if (existsSync(join(folder, "config.json"))) return folder;

  const endpoint = (options.endpoint ?? (process.env.HF_ENDPOINT || HUB)).replace(/\/+$/, "");
  const addressOf = (file: string) => `${endpoint}/${id}/resolve/main/${file}`;
  const stored = async (file: string) => memorySource(new Uint8Array(await readFile(join(folder, file))));
  const offered = (file: string) => download(addressOf(file), join(folder, file), file, options);
  const wanted = async (file: string) => {
    if (!(await offered(file))) throw new ModelError(`The hub's ${id} has no ${file}`);
  };

  const config = await ask(addressOf("config.json"), options.signal);
  if (!config) throw new ModelError(`The hub has no model ${id} with a config.json at ${endpoint}`);
  const text = await config.text();
  architectureOf(readJson(() => memorySource(encodeUtf8(text)), "config.json"));
  await mkdir(folder, { recursive: true });
  await wanted("tokenizer.json");
  await offered("tokenizer_config.json");
  if (await offered(MODULES))
    for (const file of poolingConfigs(await stored(MODULES))) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await wanted(file);
    }
  if (!(await offered(SINGLE))) {
    await wanted(INDEX);
    const index = shardsOf(await stored(INDEX));
    for (const shard of new Set(index.values())) await wanted(shard);
  }
  const unfinished = join(folder, `config.json.${process.pid}.part`);
  await writeFile(unfinished, text);
  await rename(unfinished, join(folder, "config.json"));
  return folder;
}

/** The hub's answer; null if it has no such file. @throws Error naming the address */
async function ask(address: string, signal: AbortSignal | undefined): Promise<Response | null> {
  const response = await fetch(address, signal ? { signal } : {}).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    const { message, cause } = error as Error;
    throw new Error(`Cannot download ${address}: ${cause instanceof Error ? cause.message : message}`);
  });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`Cannot download ${address}: ${response.status} ${response.statusText}`);
  return response;
}

/** Downloads a file unless it is there; false if the hub has none. It gets its name when it is complete. */
async function download(address: string, path: string, name: string, { signal, report }: DownloadOptions): Promise<boolean> {
  const { existsSync } = await import("node:fs");
  const { open, rename, rm } = await import("node:fs/promises");
  if (existsSync(path)) return true;
  const response = await ask(address, signal);
  if (!response?.body) return false;
  const header = response.headers.get("content-encoding") === null ? response.headers.get("content-length") : null;
  const total = header === null ? null : Number(header);
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, "w");
  let received = 0;
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      await file.write(chunk);
      received += chunk.length;
      report?.(name, received, total);
    }
    if (total !== null && received !== total) throw new Error(`Cannot download ${address}: ${received} of ${total} bytes came`);
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    // what fetch throws where a body breaks off
    throw error instanceof TypeError ? new Error(`Cannot download ${address}: it broke off after ${received} bytes`) : error;
  }
  return true;
}
