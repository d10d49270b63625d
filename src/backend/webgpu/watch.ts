/** Turns what a device reports on its own time (loss, out of memory, invalid use) into an error at the next check. */
import { DeviceError, InternalError } from "../../errors.ts";

/** Listens to a device; the returned check throws if it was lost or an error was reported. */
export function watch(device: GPUDevice): () => void {
  let failure: Error | null = null;
  void device.lost.then(({ reason, message }) => {
    if (reason !== "destroyed")
      failure ??= new DeviceError(`The GPU was lost: ${message}. Open the backend again, or prove on the CPU backend`);
  });
  device.addEventListener("uncapturederror", (event) => {
    const { message } = event.error;
    failure ??= /memory/i.test(event.error.constructor.name + message)
      ? new DeviceError(`The GPU is out of memory: ${message}. Use a smaller model or the CPU backend`)
      : new InternalError(`the GPU refused a command: ${message}`);
  });
  return () => {
    if (failure !== null) throw failure;
  };
}
