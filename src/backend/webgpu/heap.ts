/** Addresses of device memory in elements of 16 bytes: first fit, neighbouring free blocks joined, blocks of whole multiples of 256 bytes. */
import { DeviceError, InternalError } from "../../errors.ts";

/** Elements of 256 bytes. */
const GRAIN = 16;

interface Block {
  address: number;
  size: number;
}

export class Heap {
  readonly #capacity: number;
  readonly #taken = new Map<number, number>();
  /** Sorted by address. */
  readonly #free: Block[];

  /** `capacity`: elements in all. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#free = [{ address: 0, size: capacity }];
  }

  /** The address of `elements` >= 0 elements. @throws DeviceError if no block is large enough */
  allocate(elements: number): number {
    const size = Math.max(1, Math.ceil(elements / GRAIN)) * GRAIN;
    const index = this.#free.findIndex((block) => block.size >= size);
    const block = this.#free[index];
    if (block === undefined) {
      const [wanted, all] = [16 * size, 16 * this.#capacity].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`);
      throw new DeviceError(
        `Cannot place ${wanted} on the device: at most ${all} are addressable or allowed. Use a smaller model or the CPU backend`,
      );
    }
    const { address } = block;
    block.address += size;
    block.size -= size;
    if (block.size === 0) this.#free.splice(index, 1);
    this.#taken.set(address, size);
    return address;
  }

  /** @throws InternalError for an address that `allocate` did not return, or that is free */
  free(address: number): void {
    const size = this.#taken.get(address);
    if (size === undefined) throw new InternalError(`free() of address ${address}, which is not the start of a block`);
    this.#taken.delete(address);
    let index = this.#free.findIndex((block) => block.address > address);
    if (index < 0) index = this.#free.length;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.#free.splice(index, 1);
    } else if (joinsBefore) {
      before.size += size;
    } else if (joinsAfter) {
      after.address = address;
      after.size += size;
    } else {
      this.#free.splice(index, 0, { address, size });
    }
  }

  /** End of the highest block. */
  top(): number {
    const last = this.#free.at(-1);
    return last !== undefined && last.address + last.size === this.#capacity ? last.address : this.#capacity;
  }
}
