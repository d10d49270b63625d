/** `check` finds a device that computes something wrong, and says in which phase; without it the proof is returned as it is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, type Key, prove } from "../api.ts";
import type { Backend, Session } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { firstBackend } from "../backend/fallback.ts";
import { DeviceError } from "../errors.ts";
import { loadModel } from "../model/load.ts";
import { TAGS } from "../transcript/tags.ts";
import { verify } from "../verifier/verify.ts";

/** Does not have the zero bits that are asked for, with this key and text. */
const WRONG_NONCE = 12345;

const TEXT = "un texte en français";

let cpu: Backend;
let key: Key;
beforeAll(async () => {
  cpu = await cpuBackend({ threads: 1 });
  key = await commit(await loadModel("lande"), { backend: cpu });
});
afterAll(() => cpu.close());

/** A backend whose sessions are changed by `damage`. */
function faulty(damage: (session: Session) => Partial<Session>): Backend {
  return {
    name: "faulty",
    witness: cpu.witness,
    open: () => {
      const session = cpu.open();
      return { ...session, ...damage(session) };
    },
    close: async () => undefined,
  };
}

/** Gives another challenge than was drawn at the n-th draw (from 0). */
function wrongDraw(n: number): Backend {
  return faulty((session) => {
    let draws = 0;
    return {
      draw: (count) => {
        const drawn = session.draw(count);
        if (draws++ !== n) return drawn;
        const first = session.constants(Uint32Array.of(1, 2, 3, 4));
        for (let k = 1; k < count; k++) session.constants(Uint32Array.of(k, 0, 0, 0));
        return first;
      },
    };
  });
}

/** How many times a proof draws challenges. */
async function draws(): Promise<number> {
  let count = 0;
  const counting = faulty((session) => ({
    draw: (n) => {
      count++;
      return session.draw(n);
    },
  }));
  await prove(key, TEXT, { backend: counting });
  return count;
}

describe("prove() with check", () => {
  it("returns the same proof, and says how long the check took", async () => {
    const [plain, checked] = [await prove(key, TEXT, { backend: cpu }), await prove(key, TEXT, { backend: cpu, check: true })];
    expect(checked.proof).toEqual(plain.proof);
    expect(plain.report).toMatchObject({ checked: null, device: null });
    expect(checked.report.checked).toBeGreaterThan(0);
  });

  it("finds a wrong challenge wherever it is drawn, and names the phase", async () => {
    const all = (await draws()) - 1; // the last one is the verifier's alone: no word of the proof depends on it
    const phases = new Set<string>();
    const step = Math.ceil(all / 24);
    for (let n = 0; n < all; n = n < all - step ? n + step : n + 1) {
      const error = await prove(key, TEXT, { backend: wrongDraw(n), check: true }).then(
        () => undefined,
        (e: unknown) => e,
      );
      expect(error, `draw ${n} of ${all}`).toBeInstanceOf(DeviceError);
      phases.add(/from the phase "(.*)" on/.exec((error as Error).message)?.[1] ?? (error as Error).message);
    }
    expect([...phases]).toEqual(["look up", "constrain", "open"]);
  });

  it("finds a wrong position, nonce, digest and value", async () => {
    const wrong: Readonly<Record<string, (session: Session) => Partial<Session>>> = {
      position: (session) => ({
        drawPositions: (count, bits) => {
          session.drawPositions(count, bits);
          return session.upload(new Uint32Array(count), 1);
        },
      }),
      nonce: (session) => ({ grind: (bits) => bits > 0 && session.send(TAGS.grind, [session.upload(Uint32Array.of(WRONG_NONCE), 1)]) }),
      digest: (session) => ({ merkle: (digests) => session.merkle(session.lift(session.zeros(digests.length, 4))) }),
      value: (session) => ({ sumProduct: (tables) => session.lift(session.slice(session.sumProduct([...tables, ...tables]), 0, 1)) }),
    };
    for (const [name, damage] of Object.entries(wrong)) {
      const proving = prove(key, TEXT, { backend: faulty(damage), check: true });
      await expect(proving, name).rejects.toThrow(/computed on faulty is wrong.*Prove again, or on the CPU backend/);
    }
  });

  it("lets a faulty proof pass where it is not asked for", async () => {
    const { proof } = await prove(key, TEXT, { backend: wrongDraw(3) });
    expect(() => verify(key.verifying, proof)).toThrow(/lookup/);
  });

  it("leads to the next backend where there is one", async () => {
    const told: string[] = [];
    const backend = await firstBackend([() => wrongDraw(3), () => cpu], (error, next) =>
      told.push(`${error.message}; now on ${next.name}`),
    );
    const { proof, report } = await prove(key, TEXT, { backend, check: true });
    verify(key.verifying, proof);
    expect(report.backend).toBe(cpu.name);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain("computed on faulty is wrong");
  });
});
