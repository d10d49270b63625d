/** Every operator through the whole engine: what it lowers to is proven and verified. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { OPERATOR_CASES } from "../testing/operator-cases.ts";
import { checkNodes, proveAndVerify, tensor } from "../testing/operators.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await cpuBackend({ threads: 1 });
});
afterAll(() => backend.close());

it.each(OPERATOR_CASES)("$name is proven", async ({ shape, nodes, cells }) => {
  const input = tensor([...shape], -30, 31, 6);
  const { compiled } = checkNodes(nodes, input, [-30, 31], cells);
  const { index, expected } = await proveAndVerify(compiled, input, backend);
  expect(index).toBe(expected);
});
