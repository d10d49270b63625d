/** Adapters on the CPU that the suites run on, by their Vulkan drivers: Mesa's lavapipe, and the SwiftShader that comes with Debian's Chromium. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface Driver {
  readonly name: string;
  /** A part of the adapter's name. */
  readonly adapter: string;
  /** The driver's file for the Vulkan loader; undefined if it is not installed. */
  readonly file: string | undefined;
}

const MESA = "/usr/share/vulkan/icd.d";
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

const lavapipe = existsSync(MESA) ? readdirSync(MESA).find((name) => /^lvp_icd.*\.json$/.test(name)) : undefined;

export const DRIVERS = {
  lavapipe: { name: "lavapipe", adapter: "llvmpipe", file: lavapipe === undefined ? undefined : join(MESA, lavapipe) },
  swiftshader: { name: "SwiftShader", adapter: "SwiftShader", file: existsSync(SWIFTSHADER) ? SWIFTSHADER : undefined },
} as const satisfies Record<string, Driver>;

/** The environment in which the Vulkan loader knows this driver alone. `folder`: where lavapipe may keep files. */
export function environmentOf(driver: Driver | undefined, folder: string): Record<string, string> {
  if (driver?.file === undefined) return {};
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { VK_DRIVER_FILES: driver.file, WEBGPU_ADAPTER: driver.adapter, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? folder };
}
