/** Kernels of the backend against a plain copy on the same adapter, and against the larger of both floors: bytes over bandwidth, products over product rate. */
import type { Backend } from "../../backend/backend.ts";
import { cpuBackend } from "../../backend/cpu/index.ts";
import { type WebGpuBackend, type WebGpuOptions, webgpuBackend } from "../../backend/webgpu/index.ts";
import { type Context, describeError, type Part, type Row, round } from "./context.ts";
import { copyRate, largestCopy } from "./rates.ts";
import { BIND, ENCODE, FRACTION_ROUND, PRODUCT_ROUND_2, ROWS, SUBJECTS, type Subject } from "./subjects.ts";
import { median, perCall } from "./timing.ts";

const CHECK_BITS = 12;

/** The words that a subject yields after one call. */
async function outcome(backend: Backend, subject: Subject, bits: number): Promise<Uint32Array[]> {
  const session = backend.open();
  try {
    const prepared = subject.prepare(session, bits);
    const fresh = prepared.call();
    const words: Uint32Array[] = [];
    for (const column of prepared.outcome?.() ?? fresh) words.push(await session.read(column));
    return words;
  } finally {
    session.end();
  }
}

/** @throws if the two backends disagree, or agree on nothing */
export async function compare(backend: Backend, other: Backend, subject: Subject, bits: number): Promise<void> {
  const [got, expected] = [await outcome(backend, subject, bits), await outcome(other, subject, bits)];
  if (expected.length === 0 || expected.some((words) => words.every((word) => word === 0))) throw new Error("nothing to compare");
  for (const [k, words] of expected.entries())
    if (words.length !== got[k]?.length || words.some((word, i) => word !== got[k]?.[i]))
      throw new Error(`${subject.name}: ${backend.name} and ${other.name} disagree at 2^${bits}`);
}

/** Seconds of one call of a subject. */
export async function timeSubject(backend: Backend, subject: Subject, bits: number): Promise<{ seconds: number; calls: number }> {
  const session = backend.open();
  try {
    const probe = session.zeros(1, 4);
    const { call } = subject.prepare(session, bits);
    return await perCall(async (calls) => {
      for (let k = 0; k < calls; k++) for (const column of call()) session.free(column);
      await session.read(probe); // after everything before it
    });
  } finally {
    session.end();
  }
}

async function measure({ rates }: Context, backend: WebGpuBackend, subject: Subject, bits: number): Promise<Row> {
  const { seconds, calls } = await timeSubject(backend, subject, bits);
  const { items, unit, bytes, products } = subject.work(bits);
  const [copy, product] = [await rates.copy(bytes), await rates.products()];
  const floor = Math.max(bytes / copy, products / product);
  return {
    kernel: subject.name,
    size: `2^${bits}`,
    microseconds: round(1e6 * seconds),
    calls,
    itemsPerSecond: round(items / seconds),
    unit,
    bytesPerItem: round(bytes / items),
    productsPerItem: round(products / items),
    bytesPerSecond: round(bytes / seconds),
    overCopy: round(bytes / seconds / copy, 3),
    productsPerSecond: round(products / seconds),
    overProductRate: round(products / seconds / product, 3),
    overFloor: round(floor / seconds, 3),
    bound: bytes / copy > products / product ? "bandwidth" : "products",
    pages: Math.ceil(backend.memory() / 2 ** 30),
  };
}

export const kernels: Part = {
  name: "kernels",
  run: async (context) => {
    const { options, raw, add, skip, log } = context;
    const sizes = options.small || raw.isCpu ? [16, 20] : [16, 20, 24];
    const cpu = await cpuBackend();
    // one backend with growing sizes: its memory, and with it the pages that kernels choose from, only grows
    const backend = await webgpuBackend({ adapter: options.provider });
    for (const bits of sizes) {
      for (const subject of SUBJECTS) {
        if (skip(`${subject.name} at 2^${bits}`)) break;
        try {
          if (bits === sizes[0]) await compare(backend, cpu, subject, CHECK_BITS);
          add(await measure(context, backend, subject, bits));
        } catch (error) {
          add({ kernel: subject.name, size: `2^${bits}`, error: describeError(error) });
        }
        log(`${subject.name} at 2^${bits}`);
      }
    }
    if (!raw.isCpu && !skip("bind at 2^26")) add(await measure(context, backend, BIND, 26));
    await backend.close();
    await cpu.close();
  },
};

const ALTERNATIONS = 5;

/** Binding against the copy kernel in turn, so that other work on the machine meets both. */
export const restriction: Part = {
  name: "restriction",
  run: async ({ options, raw, add, skip }) => {
    const backend = await webgpuBackend({ adapter: options.provider });
    for (const bits of options.small ? [16, 20] : raw.isCpu ? [16, 20, 22] : [16, 20, 24, 26]) {
      if (skip(`2^${bits}`)) break;
      const { bytes } = BIND.work(bits);
      const size = Math.min(2 ** Math.round(Math.log2(bytes)), largestCopy(raw));
      const [copies, binds]: [number[], number[]] = [[], []];
      for (let k = 0; k < ALTERNATIONS; k++) {
        copies.push(await copyRate(raw, size));
        binds.push(bytes / (await timeSubject(backend, BIND, bits)).seconds);
      }
      add({
        size: `2^${bits}`,
        copyBytesPerSecond: round(median(copies)),
        bindBytesPerSecond: round(median(binds)),
        overCopy: round(median(binds.map((rate, k) => rate / (copies[k] ?? 0))), 3),
        best: round(Math.max(...binds) / Math.max(...copies), 3),
      });
    }
    await backend.close();
  },
};

const COMPARED = [BIND, PRODUCT_ROUND_2, FRACTION_ROUND, ENCODE, ROWS];

/** The backend's options against its defaults, on backends in one process. */
export const settings: Part = {
  name: "settings",
  run: async ({ options, raw, add, skip }) => {
    const bits = options.small ? 16 : raw.isCpu ? 18 : 22;
    const adapter = options.provider;
    const variants: readonly (readonly [string, WebGpuOptions])[] = [
      ...(adapter === "dawn" ? [["with bounds checks", { adapter, robustness: true }] as const] : []),
      ["without subgroups", { adapter, subgroups: false }],
    ];
    const backend = await webgpuBackend({ adapter });
    for (const [setting, changed] of variants) {
      const other = await webgpuBackend(changed);
      for (const subject of COMPARED) {
        if (skip(`${subject.name} ${setting}`)) break;
        const [a, b] = [await timeSubject(backend, subject, bits), await timeSubject(other, subject, bits)];
        add({
          setting,
          kernel: subject.name,
          size: `2^${bits}`,
          defaultMicroseconds: round(1e6 * a.seconds),
          microseconds: round(1e6 * b.seconds),
          overDefault: round(b.seconds / a.seconds, 3),
        });
      }
      await other.close();
    }
    await backend.close();
  },
};

/** What the choice between several bound pages costs every access. */
export const paging: Part = {
  name: "paging",
  run: async ({ options, raw, add, skip, log }) => {
    const bits = options.small ? 16 : raw.isCpu ? 18 : 22;
    for (const subject of COMPARED) {
      let alone = 0;
      for (const pages of raw.isCpu ? [1, 2] : [1, 2, 4, 8]) {
        if (skip(`${subject.name}, ${pages} pages`)) return;
        const pageBytes = 2 ** (bits + 8) / pages; // memory of 2^(bits+4) entries in all, of which the first pages are touched
        const backend = await webgpuBackend({ adapter: options.provider, pageBytes });
        const hold = backend.open();
        hold.zeros((pageBytes / 16) * (pages - 1) + 1, 4); // so that all pages are bound
        const { seconds } = await timeSubject(backend, subject, bits);
        if (pages === 1) alone = seconds;
        add({
          kernel: subject.name,
          size: `2^${bits}`,
          pages: Math.ceil(backend.memory() / pageBytes),
          microseconds: round(1e6 * seconds),
          overOnePage: round(seconds / alone, 3),
        });
        hold.end();
        await backend.close();
        log(`${subject.name}, ${pages} pages`);
      }
    }
  },
};
