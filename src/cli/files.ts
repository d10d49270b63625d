/** Reading and writing files, with errors that are sentences. What is written appears at once and whole, or not at all. */
import { randomBytes } from "node:crypto";
import { access, constants, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./failure.ts";

/** No file that a command reads is larger. */
export const MAX_FILE_BYTES = 1024 * 2 ** 20;

/** The bytes of a file. @throws UsageError naming it */
export async function readBytes(path: string, what: string): Promise<Uint8Array> {
  return readOrReason(path).catch((error: Error) => {
    throw new UsageError("file", `Cannot read the ${what} ${path}: ${error.message}`);
  });
}

/** The bytes of a file. @throws Error whose message is the reason alone */
export async function readOrReason(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (info.size > MAX_FILE_BYTES) throw new Error(`it is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB`);
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new Error(reason(error as NodeJS.ErrnoException));
  }
}

/** Whether something is at a path, and what. */
export async function kindOf(path: string): Promise<"file" | "folder" | "other" | null> {
  const info = await stat(path).catch(() => null);
  if (info === null) return null;
  return info.isFile() ? "file" : info.isDirectory() ? "folder" : "other";
}

/** Finds out before a long computation whether `path` can be written. @throws UsageError */
export async function checkWritable(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === "folder") throw new UsageError("file", `Cannot write ${path}: it is a folder`);
  if (kind === null && /[\\/]$/.test(path)) throw new UsageError("file", `Cannot write ${path}: there is no such folder`);
  const folder = dirname(path);
  if (kind === null && (await kindOf(folder)) !== "folder")
    throw new UsageError("file", `Cannot write ${path}: there is no folder ${folder}`);
  await access(kind === "other" ? path : folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("file", `Cannot write ${path}: ${reason(error)}`);
  });
}

/** Writes a file under a temporary name in its folder and renames it; a device or pipe is written to as it is. @throws UsageError */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  await checkWritable(path);
  const kind = await kindOf(path);
  try {
    if (kind === "other") return await writeFile(path, bytes);
    const target = kind === "file" ? await realpath(path) : path;
    const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString("hex")}.tmp`);
    try {
      await writeFile(temporary, bytes, { flag: "wx" });
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw new UsageError("file", `Cannot write ${path}: ${reason(error as NodeJS.ErrnoException)}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "a part of the path is no folder",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "the links go in a circle",
};

/** A system error in words. */
export function reason(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ""] ?? error.message;
}
