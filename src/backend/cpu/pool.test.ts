import { afterAll, describe, expect, it } from "vitest";
import { InternalError } from "../../errors.ts";
import { HEAP } from "./layout.ts";
import { compileModule, createMemory, instantiate } from "./module.ts";
import { Pool } from "./pool.ts";
import { startWorker } from "./worker.ts";

const COUNT = 4096;
/** Long enough for a job to be shared. */
const NANOSECONDS = 1000;

describe("Pool", async () => {
  const module = await compileModule(true);
  const memory = createMemory(true);
  const workers = await Promise.all([1, 2].map((thread) => startWorker({ module, memory, thread })));
  const pool = new Pool(await instantiate(module, memory), memory, workers);
  afterAll(() => pool.close());

  it("runs every item exactly once, job after job", () => {
    const words = new Uint32Array(memory.buffer, HEAP, 4 * COUNT);
    const ones = new Uint32Array(memory.buffer, HEAP + 16 * COUNT, 4 * COUNT).fill(0);
    for (let k = 0; k < COUNT; k++) ones[4 * k] = 1;
    words.fill(0);
    for (let job = 1; job <= 2000; job++) {
      // sumParts: out[x] = parts[x] + parts[COUNT + x], in place: adds 1 to word 0 of every entry
      pool.run("sumParts", COUNT, NANOSECONDS, HEAP, HEAP, 2, COUNT);
      if (job % 500 === 0) for (let k = 0; k < COUNT; k++) expect(words[4 * k]).toBe(job);
    }
  });

  it("reports a kernel that leaves its memory, from any thread, and goes on", () => {
    const end = memory.buffer.byteLength;
    expect(() => pool.run("lift", COUNT, NANOSECONDS, end - 8 * COUNT, HEAP)).toThrow(InternalError);
    expect(() => pool.run("lift", COUNT, NANOSECONDS, HEAP + 16 * COUNT, HEAP)).not.toThrow();
    expect(() => pool.run("nothing", 1, 1)).toThrow("There is no kernel nothing");
  });
});
