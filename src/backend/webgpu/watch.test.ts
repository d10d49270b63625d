/** What a device reports on its own time becomes the error that says what to do. */
import { expect, it } from "vitest";
import { DeviceError, InternalError } from "../../errors.ts";
import { watch } from "./watch.ts";

/** A device that is told what to report. */
function device() {
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  let report: (event: { error: Error }) => void = () => undefined;
  const lost = new Promise((resolve) => {
    lose = resolve;
  });
  const addEventListener = (_: string, listener: typeof report) => {
    report = listener;
  };
  const check = watch({ lost, addEventListener } as unknown as GPUDevice);
  return {
    check,
    lose: async (reason: string) => {
      lose({ reason, message: "the driver was reset" });
      await lost;
    },
    report: (error: Error) => report({ error }),
  };
}

it("is silent as long as nothing is reported, and when the device is closed on purpose", async () => {
  const { check, lose } = device();
  expect(check).not.toThrow();
  await lose("destroyed");
  expect(check).not.toThrow();
});

it("names a loss", async () => {
  const { check, lose } = device();
  await lose("unknown");
  expect(check).toThrow(DeviceError);
  expect(check).toThrow("The GPU was lost: the driver was reset. Open the backend again, or prove on the CPU backend");
});

it("tells lack of memory from wrong use, and keeps the first report", () => {
  class GPUOutOfMemoryError extends Error {}
  const { check, report } = device();
  report(new GPUOutOfMemoryError("no room for 1 GiB"));
  report(new Error("the buffer is invalid"));
  expect(check).toThrow(DeviceError);
  expect(check).toThrow("The GPU is out of memory: no room for 1 GiB. Use a smaller model or the CPU backend");
  const other = device();
  other.report(new Error("the buffer is invalid"));
  expect(other.check).toThrow(InternalError);
});
