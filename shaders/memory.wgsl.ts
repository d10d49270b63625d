/**
 * Device memory: one address space over all pages. An element is 16 bytes (vec4u); element e of the space lies on page e >> PAGE_BITS. Words are
 * addressed as 4 e + k. All pages are read_write, so that tables of one dispatch may lie on one page and be changed in place.
 *
 * element(e), put(e, v): load and store 16 bytes. word(w): load one word. Single words are never stored by two invocations into one element: WGSL lets a
 * component's store touch its whole vector.
 *
 * Parameters of a dispatch are read from binding (1, 0), whose struct every kernel declares for itself; pointers in it are element or word addresses.
 */
import { wgsl } from "wgsl-preprocessor/wgsl-preprocessor.js";
import type { Features } from "./features.ts";

/** One statement a page, the last one as the default. */
function onPages(slots: number, statement: (slot: number) => string): string {
  const label = (slot: number): string => (slot === slots - 1 ? "default" : `case ${slot}u`);
  return Array.from({ length: slots }, (_, slot) => `    ${label(slot)}: { ${statement(slot)} }`).join("\n");
}

export const memory = (f: Features): string => wgsl`
// memory
${Array.from({ length: f.slots }, (_, k) => `@group(0) @binding(${k}) var<storage, read_write> page${k}: array<vec4u>;`).join("\n")}
#if ${f.slots === 1}
fn element(e: u32) -> vec4u { return page0[e]; }
fn word(w: u32) -> u32 { return page0[w >> 2u][w & 3u]; }
fn put(e: u32, v: vec4u) { page0[e] = v; }
#else
const PAGE_BITS = ${f.pageBits}u;
const PAGE_MASK = ${2 ** f.pageBits - 1}u;
fn element(e: u32) -> vec4u {
  let i = e & PAGE_MASK;
  switch (e >> PAGE_BITS) {
${onPages(f.slots, (k) => `return page${k}[i];`)}
  }
}
fn word(w: u32) -> u32 {
  let i = (w >> 2u) & PAGE_MASK;
  switch (w >> (PAGE_BITS + 2u)) {
${onPages(f.slots, (k) => `return page${k}[i][w & 3u];`)}
  }
}
fn put(e: u32, v: vec4u) {
  let i = e & PAGE_MASK;
  switch (e >> PAGE_BITS) {
${onPages(f.slots, (k) => `page${k}[i] = v;`)}
  }
}
#endif`;
