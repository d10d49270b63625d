import { describe, it } from "vitest";
import { PLATFORM_CHECKS } from "./platform.ts";

describe("in Node", () => {
  it.each(PLATFORM_CHECKS)("$name", ({ run }) => run());
});
