/**
 * An integer program as a file pair: JSON that describes it, and its weights as little-endian 32-bit integers. Equal programs give equal bytes, on every runtime.
 */
import { ModelError } from "../errors.ts";
import type { IntegerNode } from "../ops/index.ts";
import { type IntTensor, sizeOf } from "../tensor/tensor.ts";
import type { IntegerProgram } from "./program.ts";

/** Of the format below. */
export const MANIFEST_VERSION = 1;

/** Where a tensor's values are among the weights, in cells. */
interface StoredTensor {
  readonly shape: readonly number[];
  readonly offset: number;
}

/** Fields of nodes that hold tensors. */
const TENSORS = ["weight", "bias", "constant"] as const;

/** Writes a program. */
export function writeProgram(program: IntegerProgram): { readonly manifest: string; readonly weights: Uint8Array } {
  const pieces: Int32Array[] = [];
  let offset = 0;
  const store = ({ shape, data }: IntTensor): StoredTensor => {
    pieces.push(data);
    offset += data.length;
    return { shape, offset: offset - data.length };
  };
  const nodes = program.nodes.map((node) => {
    const stored: Record<string, unknown> = { ...node };
    for (const key of TENSORS) if (stored[key]) stored[key] = store(stored[key] as IntTensor);
    return stored;
  });
  const weights = new Uint8Array(4 * offset);
  const view = new DataView(weights.buffer);
  let at = 0;
  for (const piece of pieces) for (const v of piece) view.setInt32(4 * at++, v, true);
  const manifest = { format: "circlet program", version: MANIFEST_VERSION, name: program.name, input: program.input, nodes };
  return { manifest: `${JSON.stringify(manifest, null, 1)}\n`, weights };
}

/** Reads what `writeProgram` wrote. @throws ModelError if the manifest is of another format or the weights have another size */
export function readProgram(manifest: string, weights: Uint8Array): IntegerProgram {
  let stored: { format?: unknown; version?: unknown; name: string; input: IntegerProgram["input"]; nodes: Record<string, unknown>[] };
  try {
    stored = JSON.parse(manifest);
  } catch (cause) {
    throw new ModelError(`The program's manifest is not JSON: ${(cause as Error).message}`);
  }
  if (stored.format !== "circlet program" || stored.version !== MANIFEST_VERSION)
    throw new ModelError(`The manifest is not a circlet program of version ${MANIFEST_VERSION}`);
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
  let cells = 0;
  const nodes = stored.nodes.map((node) => {
    const loaded: Record<string, unknown> = { ...node };
    for (const key of TENSORS) {
      const tensor = loaded[key] as StoredTensor | null | undefined;
      if (!tensor) continue;
      const size = sizeOf(tensor.shape);
      if (tensor.offset !== cells || 4 * (cells + size) > weights.length)
        throw new ModelError(`The weights end before ${key} of node ${node.name}`);
      const from = cells;
      loaded[key] = { shape: tensor.shape, data: new Int32Array(size).map((_, i) => view.getInt32(4 * (from + i), true)) };
      cells += size;
    }
    return loaded as unknown as IntegerNode;
  });
  if (4 * cells !== weights.length) throw new ModelError(`The weights have ${weights.length} bytes, the manifest says ${4 * cells}`);
  return { name: stored.name, input: stored.input, nodes };
}
