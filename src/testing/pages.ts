/** A WebGPU backend of small pages: what one page holds elsewhere lies on several, and kernels choose among their bindings. */
import type { Backend, Session } from "../backend/backend.ts";
import { GpuColumn } from "../backend/webgpu/column.ts";
import { type WebGpuOptions, webgpuBackend } from "../backend/webgpu/index.ts";

const ELEMENT_BYTES = 16;
/** Elements kept free below the boundary: columns around a workgroup then lie on both sides. */
const BELOW = 48;

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
  return { name: backend.name, witness: backend.witness, open, close: () => backend.close() };
}
