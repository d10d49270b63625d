/** Witness columns made on a device are the host's, word for word, on every backend; values outside their range are refused with the host's error. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/backend.ts";
import { cpuBackend } from "../backend/cpu/index.ts";
import { referenceBackend } from "../backend/reference/index.ts";
import { webgpuBackend } from "../backend/webgpu/index.ts";
import { ModelError } from "../errors.ts";
import { encodeInput } from "../statement/encoding.ts";
import { intTensor } from "../tensor/tensor.ts";
import { deviceDifferences } from "../testing/device-witness.ts";
import { OPERATOR_CASES } from "../testing/operator-cases.ts";
import { base, checkNodes, programOf, tensor } from "../testing/operators.ts";
import { describeWithGpu } from "../testing/webgpu.ts";
import { compileProgram } from "./compile.ts";
import { loadModel } from "./load.ts";
import { loadMnist } from "./mnist/data.ts";

const lande = await loadModel("lande");
const mnist = await loadModel("mnist-small");
const { images } = loadMnist("test");
const landeInput = (text: string) => intTensor([620], encodeInput(lande.input, new TextEncoder().encode(text)));
const NETWORKS = [
  { name: "lande", model: lande, input: landeInput("Quanto costa il biglietto?") },
  { name: "lande without a letter", model: lande, input: landeInput("") },
  { name: "mnist-small", model: mnist, input: intTensor([1, 28, 28], Int32Array.from(images.subarray(0, 784))) },
];

function describeDevice(label: string, start: () => Promise<Backend>): void {
  describe(`witness columns on ${label}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await start();
    });
    afterAll(() => backend.close());

    it.each(OPERATOR_CASES)("are the host's for $name", async ({ shape, nodes, cells }) => {
      const input = tensor([...shape], -30, 31, 6);
      const { compiled } = checkNodes(nodes, input, [-30, 31], cells);
      expect(await deviceDifferences(compiled, input, backend)).toEqual([]);
    });

    it.each(NETWORKS)("are the host's for $name", async ({ model, input }) => {
      expect(await deviceDifferences(model.compiled, input, backend)).toEqual([]);
    });

    it.each([
      ["directly", { shift: 0, bits: 7, map: "none" }],
      ["by a table", { shift: 0, bits: 7, map: "relu" }],
      ["in limbs", { shift: 0, bits: 10, map: "none" }],
      ["by the part above", { shift: 0, bits: 4, map: "none", high: 2 }],
    ] as const)("refuse a value outside its range, proven %s", async (_, rounding) => {
      const weight = tensor([3, 5], -19, 19, 2);
      const node = { kind: "matmul", ...base("y", "x"), weight, bias: null, weightExponent: 0, rounding } as const;
      const input = tensor([1, 5], 40, 50, 4);
      const compiled = compileProgram(programOf([node], input.shape, [-50, 50], 3));
      expect(() => compiled.run(input)).toThrow(ModelError);
      await expect(deviceDifferences(compiled, input, backend)).rejects.toThrow(/^Node y reaches/);
    });

    it("refuse an input outside its range", async () => {
      const { compiled } = checkNodes(OPERATOR_CASES[0]!.nodes, tensor([2, 5, 6], -30, 31, 6), [-30, 31], OPERATOR_CASES[0]!.cells);
      await expect(deviceDifferences(compiled, tensor([2, 5, 6], 30, 40, 6), backend)).rejects.toThrow(ModelError);
    });
  });
}

describeDevice("the reference", async () => referenceBackend());
describeDevice("the CPU backend", () => cpuBackend({ threads: 1 }));
await describeWithGpu("the device's witness on WebGPU", () => {
  describeDevice("WebGPU", () => webgpuBackend({ robustness: true }));
  describeDevice("WebGPU without bounds checks", () => webgpuBackend({ robustness: false }));
});
