import { describe, expect, it } from "vitest";
import { type Chart, drawChart } from "./chart.ts";
import { GROUP_NAMES, groupedBytes } from "./parts.ts";
import { pointsOf, SIZES, seriesOf } from "./points.ts";

describe("pointsOf()", () => {
  it("has every point once, and every series in order", () => {
    const all = pointsOf(SIZES);
    expect(new Set(all.map((p) => JSON.stringify(p))).size).toBe(all.length);
    for (const name of SIZES) expect(seriesOf([...all].reverse(), name)).toEqual(pointsOf([name]));
  });
});

describe("groupedBytes()", () => {
  it("counts every part once", () => {
    const parts = ["header", "input", "witness root", "lookup round", "leaf evaluations", "constant evaluations", "constraint round"];
    const opened = ["opening round", "folded layer root", "final message", "proof of work", "weight leaves", "weight paths"];
    const more = ["witness leaves", "witness paths", "folded layer 1 leaves", "folded layer 1 paths"];
    const bytes = groupedBytes([...parts, ...opened, ...more].map((part, k) => ({ part, bytes: 2 ** k })));
    expect(bytes).toHaveLength(GROUP_NAMES.length);
    expect(bytes.every((n) => n > 0)).toBe(true);
    expect(bytes.reduce((a, b) => a + b)).toBe(2 ** 17 - 1);
  });
});

describe("drawChart()", () => {
  const chart: Chart = {
    title: "A title",
    over: { name: "layers", values: [1, 2, 4] },
    kind: "log",
    series: [
      { name: "one", values: [1, 20, 300] },
      { name: "other", values: [2, 3, 4] },
    ],
  };

  it.each(["log", "linear", "stack"] as const)("draws the same %s chart every time, on white", (kind) => {
    const svg = drawChart({ ...chart, kind });
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toMatch(/<rect width="480" height="360"[^>]*fill="(#fff|#ffffff|rgb\(255,255,255\))"/);
    for (const text of ["A title", "layers", "one", "other"]) expect(svg).toContain(`>${text}<`);
    expect(drawChart({ ...chart, kind })).toBe(svg);
  });
});
