/** M31 products a second: split into halves against 64-bit integers where the compiler knows them; bounds checks on and off. */
import { type Part, round } from "./context.ts";
import { RawDevice } from "./device.ts";
import { productRate } from "./rates.ts";

export const products: Part = {
  name: "products",
  run: async ({ add, options }) => {
    for (const robustness of options.provider === "dawn" ? [false, true] : [true]) {
      const raw = await RawDevice.open(options.provider, robustness);
      const split = await productRate(raw, "split");
      add({ variant: "split", robustness, productsPerSecond: round(split) });
      if (raw.u64) {
        const u64 = await productRate(raw, "u64");
        add({ variant: "u64", robustness, productsPerSecond: round(u64), overSplit: round(u64 / split) });
      } else {
        add({ variant: "u64", robustness, productsPerSecond: null, outcome: "the compiler has no u64" });
      }
      raw.close();
    }
  },
};
