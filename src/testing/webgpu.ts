/**
 * Suites that need a GPU adapter. With REQUIRE_WEBGPU=1 a missing adapter is a failure; otherwise one line says what was not run. WEBGPU_ADAPTER holds a part
 * of the adapter's name where a run is for a certain one.
 */
import { describe, it } from "vitest";
import type { Backend, Session } from "../backend/backend.ts";
import { GpuColumn } from "../backend/webgpu/column.ts";
import { type WebGpuOptions, webgpuBackend } from "../backend/webgpu/index.ts";

const ELEMENT_BYTES = 16;
/** Elements kept free below the boundary: columns around a workgroup then lie on both sides. */
const BELOW = 48;

/** Declares a suite if there is an adapter. */
export async function describeWithGpu(label: string, suite: () => void): Promise<void> {
  const name = await adapterName().catch((error: Error) => error);
  const wanted = process.env.WEBGPU_ADAPTER ?? "";
  if (typeof name === "string") {
    if (!name.includes(wanted)) throw new Error(`The adapter is ${name} instead of ${wanted}`);
    describe(label, suite);
    return;
  }
  if (process.env.REQUIRE_WEBGPU === "1") throw name;
  process.stdout.write(`not run: ${label} (${name.message})\n`);
  describe(label, () => it.skip("needs an adapter", () => {}));
}

async function adapterName(): Promise<string> {
  const backend = await webgpuBackend({ robustness: true });
  await backend.close();
  return backend.name;
}

/** A backend with three pages of 2^22 bytes, all in use from the start, whose sessions place their columns across the end of the first. */
export async function threePages(options: WebGpuOptions): Promise<Backend> {
  const pageBytes = 2 ** 22;
  const backend = await webgpuBackend({ ...options, pageBytes, maxBytes: 3 * pageBytes });
  const pageSize = pageBytes / ELEMENT_BYTES;
  const first = backend.open();
  first.zeros(2.5 * pageSize, 4);
  first.end();
  const open = (): Session => {
    const session = backend.open();
    const probe = session.zeros(1, 4);
    if (!(probe instanceof GpuColumn)) throw new Error(`${backend.name} has no pages`);
    session.free(probe);
    session.zeros(pageSize - BELOW - probe.address / 4, 4);
    return session;
  };
  return { name: backend.name, open, close: () => backend.close() };
}
