/** The next backend takes over where one cannot be opened or fails, and only then. */
import { describe, expect, it } from "vitest";
import { DeviceError, ModelError } from "../errors.ts";
import type { Backend } from "./backend.ts";
import { firstBackend } from "./fallback.ts";

/** A backend that only counts how often it was closed. */
function idle(name: string): Backend & { closed: number } {
  const backend = {
    name,
    witness: "host" as const,
    closed: 0,
    open: () => {
      throw new DeviceError(`${name} opens no session`);
    },
    close: async () => {
      backend.closed++;
    },
  };
  return backend;
}

const failing = () => Promise.reject(new DeviceError("no adapter"));

/** A succession with what it reports. */
async function succession(...openers: (() => Backend | Promise<Backend>)[]) {
  const told: string[] = [];
  const backend = await firstBackend(openers, (error, next) => told.push(`${error.message} -> ${next.name}`));
  const attempt = backend.attempt?.bind(backend);
  if (attempt === undefined) throw new Error("attempt() is missing");
  return { backend, told, attempt };
}

describe("firstBackend()", () => {
  it("opens the first that can be opened, and no other", async () => {
    const { backend, told } = await succession(failing, () => idle("second"), failing);
    expect(backend.name).toBe("second");
    expect(told).toEqual(["no adapter -> second"]);
  });

  it("throws the last reason where none can be opened", async () => {
    await expect(succession(failing, () => Promise.reject(new DeviceError("no threads")))).rejects.toThrow("no threads");
  });

  it("throws what is no device's failure at once", async () => {
    await expect(
      succession(
        () => Promise.reject(new TypeError("wrong")),
        () => idle("second"),
      ),
    ).rejects.toThrow(TypeError);
    const { attempt, told } = await succession(
      () => idle("first"),
      () => idle("second"),
    );
    await expect(attempt(() => Promise.reject(new ModelError("no model")))).rejects.toThrow(ModelError);
    expect(told).toEqual([]);
  });

  it("does the work again on the next one, and stays there", async () => {
    const [first, second] = [idle("first"), idle("second")];
    const { backend, told, attempt } = await succession(
      () => first,
      failing,
      () => second,
    );
    const work = async ({ name }: Backend) => {
      if (name === "first") throw new DeviceError("lost");
      return name;
    };
    expect(await attempt(work)).toBe("second");
    expect(told).toEqual(["no adapter -> second"]);
    expect(await attempt(async ({ name }) => name)).toBe("second");
    await expect(attempt(() => Promise.reject(new DeviceError("lost too")))).rejects.toThrow("lost too");
    expect(first.closed).toBe(0);
    await backend.close();
    expect([first.closed, second.closed]).toEqual([1, 1]);
  });

  it("goes on once for several proofs that fail together", async () => {
    const { told, attempt } = await succession(
      () => idle("first"),
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return idle("second");
      },
      () => idle("third"),
    );
    const work = (wait: number) => async (backend: Backend) => {
      const { name } = backend;
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (name === "first") throw new DeviceError("lost");
      return name;
    };
    expect(await Promise.all([attempt(work(1)), attempt(work(2)), attempt(work(20))])).toEqual(["second", "second", "second"]);
    expect(told).toEqual(["lost -> second"]);
  });
});
