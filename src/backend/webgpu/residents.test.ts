/** What is kept on the device between sessions: made once, given up when memory is short and nobody uses it. */
import { describe, expect, it } from "vitest";
import { describeWithGpu } from "../../testing/webgpu.ts";
import { GpuColumn } from "./column.ts";
import { webgpuBackend } from "./index.ts";
import { Residents } from "./residents.ts";

describe("Residents", () => {
  const column = (address: number): GpuColumn => new GpuColumn(address, 4, 1);

  it("evict() takes the owner that was not used for the longest time, and none in use", () => {
    const freed: number[] = [];
    const residents = new Residents((c) => freed.push(c.address));
    const owners = [{}, {}, {}] as const;
    for (const [k, owner] of owners.entries()) residents.enter(owner).set("a", column(k));
    residents.leave(owners[0]);
    residents.leave(owners[1]);
    expect(residents.enter(owners[0]).get("a")?.address).toBe(0); // used again
    residents.leave(owners[0]);
    expect(residents.evict()).toBe(true);
    expect(freed).toEqual([1]);
    expect(residents.evict()).toBe(true);
    expect(freed).toEqual([1, 0]);
    expect(residents.evict()).toBe(false);
    expect(residents.enter(owners[1]).size).toBe(0);
  });
});

await describeWithGpu("columns kept by the WebGPU backend", () => {
  const words = Uint32Array.from({ length: 2 ** 15 }, (_, k) => k);

  it("are made once for all sessions, and again after memory was short", async () => {
    const backend = await webgpuBackend({ robustness: true, pageBytes: 2 ** 20, maxBytes: 2 ** 20 });
    const owner = {};
    let made = 0;
    const use = async (): Promise<Uint32Array> => {
      const session = backend.open();
      const kept = session.kept(owner, "words", () => {
        made++;
        return session.upload(words, 1);
      });
      const read = await session.read(kept);
      session.end();
      return read;
    };
    expect(await use()).toEqual(words);
    expect(await use()).toEqual(words);
    expect(made).toBe(1);
    const session = backend.open();
    const large = session.zeros(2 ** 18 - 2 ** 15, 1); // of 2^18 words in all
    expect((await session.read(session.slice(large, 0, 1)))[0]).toBe(0);
    session.end();
    expect(await use()).toEqual(words);
    expect(made).toBe(2);
    await backend.close();
  });

  it("are no views, and not given up while a session uses them", async () => {
    const backend = await webgpuBackend({ robustness: true, pageBytes: 2 ** 20, maxBytes: 2 ** 20 });
    const session = backend.open();
    const kept = session.kept({}, "words", () => session.upload(words, 1));
    expect(() => session.kept({}, "view", () => session.slice(kept, 0, 8))).toThrow("no column of its own");
    expect(() => session.zeros(2 ** 18 - 2 ** 15, 1)).toThrow("Cannot place");
    expect(await session.read(kept)).toEqual(words);
    session.end();
    await backend.close();
  });
});
