import { expect, it } from "vitest";
import { describeConformance } from "../../testing/conformance.ts";
import { committed, generate } from "./build.ts";
import { cpuBackend } from "./index.ts";

for (const threads of [1, 2, 3]) describeConformance(`cpu with ${threads} threads`, () => cpuBackend({ threads }));

it("the committed kernels are what the sources compile to", async () => {
  expect(await committed()).toBe(await generate());
}, 120_000);
