/** The platform checks in Deno, from the sources as they are. */
import { PLATFORM_CHECKS } from "./platform.ts";

interface DenoTests {
  readonly Deno: { test(name: string, run: () => void | Promise<void>): void };
}

for (const { name, run } of PLATFORM_CHECKS) (globalThis as unknown as DenoTests).Deno.test(name, run);
