/** Transformers on the file system of Node or Deno: a folder with config.json, a .gguf file, or a hub id `organisation/name` of the hub's cache. */
import type { ByteSource } from "../source.ts";
import { checkRange } from "../source.ts";
import { type DownloadOptions, downloadFolder, isHubId } from "./hub.ts";
import type { TransformerSource } from "./open.ts";

/** How messages and models name a path: its last part. */
const lastPart = (path: string): string => path.replace(/[\\/]+$/, "").replace(/^.*[\\/]/, "");

/**
 * The files of a transformer, or null if the argument names none: it is neither a .gguf file, nor a folder with config.json, nor, where no such path exists, a hub
 * id. A hub model is downloaded unless it is in the cache. @throws Error if a file cannot be opened or downloaded
 */
export async function findTransformer(source: string, options: DownloadOptions = {}): Promise<TransformerSource | null> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  if (/\.gguf$/i.test(source)) return { kind: "gguf", name: lastPart(source).replace(/\.gguf$/i, ""), file: await fileSource(source) };
  if (existsSync(join(source, "config.json"))) return { kind: "folder", name: lastPart(source), open: await folderFiles(source) };
  if (existsSync(source) || !isHubId(source)) return null;
  return { kind: "folder", name: lastPart(source), open: await folderFiles(await downloadFolder(source, options)) };
}

/** A file that is read piece by piece. It stays open as long as the process runs. @throws Error if it cannot be opened */
export async function fileSource(path: string): Promise<ByteSource> {
  return (await opener())(path);
}

/** Opens the files of a folder by name. */
export async function folderFiles(folder: string): Promise<(name: string) => ByteSource | null> {
  const { existsSync } = await import("node:fs");
  const { join } = await import("node:path");
  const open = await opener();
  return (name) => (existsSync(join(folder, name)) ? open(join(folder, name)) : null);
}

async function opener(): Promise<(path: string) => ByteSource> {
  const { openSync, fstatSync, readSync } = await import("node:fs");
  return (path) => {
    const file = openSync(path, "r");
    const length = fstatSync(file).size;
    return {
      length,
      read(offset, count) {
        checkRange(length, offset, count);
        const bytes = new Uint8Array(count);
        for (let done = 0; done < count; ) {
          const more = readSync(file, bytes, done, count - done, offset + done);
          if (more === 0) throw new SyntaxError(`Cannot read ${path}: it ends at byte ${offset + done}`);
          done += more;
        }
        return bytes;
      },
    };
  };
}
