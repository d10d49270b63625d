/**
 * Speed of the CPU kernels: `npx tsx src/backend/cpu/kernels.bench.ts [threads]`. One line a kernel: items, best time, items and bytes (read and written, as the
 * kernel's header counts them) a second. The first line is WASM M31 products on one thread, as a share of a native AVX2 loop's.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mul } from "../../field/m31.ts";
import { Samples } from "../../testing/samples.ts";
import type { Backend, Column, Session } from "../backend.ts";
import { cpuBackend } from "./index.ts";
import { HEAP } from "./layout.ts";
import { compileModule, createMemory, instantiate } from "./module.ts";

/** At least so many repeats, and so long: kernels are optimized while they run. */
const REPEATS = 5;
const MILLISECONDS = 300;

/** Native products a second, or null without a C compiler for AVX2. */
function nativeProducts(words: number, rounds: number): { perSecond: number; check: number } | null {
  const folder = mkdtempSync(join(tmpdir(), "circlet-"));
  try {
    const source = fileURLToPath(new URL("../../bench/m31-avx2.c", import.meta.url));
    const program = join(folder, "m31");
    execFileSync("gcc", ["-O3", "-mavx2", source, "-o", program], { stdio: "pipe" });
    const runs = Array.from({ length: REPEATS }, () =>
      execFileSync(program, [`${words}`, `${rounds}`], { encoding: "utf8" })
        .split(" ")
        .map(Number),
    );
    return { perSecond: Math.max(...runs.map((run) => run[0]!)), check: runs[0]![1]! };
  } catch (error) {
    console.log(`native M31 products: not measured (${error instanceof Error ? error.message.split("\n")[0] : error})`);
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same loop on the same words in WASM. */
async function wasmProducts(words: number, rounds: number): Promise<{ perSecond: number; check: number }> {
  const memory = createMemory(false);
  const multiply = (await instantiate(await compileModule(false), memory)).get("multiply")!;
  const x = new Uint32Array(memory.buffer, HEAP, words);
  const y = new Uint32Array(memory.buffer, HEAP + 4 * words, words);
  const p = 2147483646;
  for (let k = 0; k < words; k++) y[k] = 1 + ((Math.imul(k, 40503) >>> 0) % p);
  let best = 0;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (let k = 0; k < words; k++) x[k] = 1 + ((Math.imul(k, 2654435761) >>> 0) % p);
    const start = performance.now();
    multiply(0, words / 4, 0, HEAP, HEAP + 4 * words, rounds);
    best = Math.max(best, (words * rounds * 1000) / (performance.now() - start));
  }
  return { perSecond: best, check: x.reduce((a, b) => (a ^ b) >>> 0, 0) };
}

async function compareProducts(): Promise<void> {
  const [words, rounds] = [4096, 50_000];
  const wasm = await wasmProducts(words, rounds);
  const native = nativeProducts(words, rounds);
  const share =
    native === null
      ? ""
      : `, native AVX2 ${(native.perSecond / 1e9).toFixed(2)} G/s, ${((100 * wasm.perSecond) / native.perSecond).toFixed(0)} %`;
  console.log(
    `M31 products: wasm ${(wasm.perSecond / 1e9).toFixed(2)} G/s${share}${native !== null && native.check !== wasm.check ? " WRONG RESULT" : ""}`,
  );
  if (mul(2147483646, 2147483646) !== 1) throw new Error("P - 1 squared is 1");
}

/** A kernel to time. `prepare` makes fresh operands where the kernel changes them. */
interface Subject {
  readonly name: string;
  readonly items: number;
  readonly bytes: number;
  readonly run: (session: Session) => () => void;
}

function measure(backend: Backend, subject: Subject): void {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + MILLISECONDS;
  for (let repeat = 0; repeat <= REPEATS || performance.now() < end; repeat++) {
    const session = backend.open();
    const body = subject.run(session);
    const start = performance.now();
    body();
    const time = performance.now() - start;
    if (repeat > 0) best = Math.min(best, time); // the first run warms up
    session.end();
  }
  const rate = (count: number): string => `${((count / best) * 1e-3).toFixed(1).padStart(8)} M/s`;
  const cells = [subject.name.padEnd(26), `${subject.items}`.padStart(9), `${best.toFixed(2).padStart(8)} ms`, rate(subject.items)];
  console.log(`${cells.join("  ")}  ${((subject.bytes / best) * 1e-6).toFixed(2).padStart(6)} GB/s`);
}

/** Proof of work from several states: the nonces tried, of which the first hit is the last. */
async function measureGrind(backend: Backend): Promise<void> {
  const session = backend.open();
  const start = performance.now();
  for (let k = 0; k < 16; k++) session.grind(14);
  const time = performance.now() - start;
  const tried = (await session.tape()).reduce((n, nonce) => n + nonce + 1, 0);
  console.log(`grind 16 times 14 bits: ${tried} nonces, ${time.toFixed(1)} ms, ${((tried / time) * 1e-3).toFixed(2)} M/s`);
  session.end();
}

const samples = new Samples(7);
const pool = samples.words(4 * 2 ** 20);
const column = (session: Session, length: number, width: 1 | 4 = 4): Column => {
  if (length * width <= pool.length) return session.upload(pool.subarray(0, length * width), width);
  const words = new Uint32Array(length * width);
  for (let at = 0; at < words.length; at += pool.length) words.set(pool.subarray(0, Math.min(pool.length, words.length - at)), at);
  return session.upload(words, width);
};
const scalars = (session: Session, count: number): number[] => {
  const first = session.constants(pool.subarray(0, 4 * count));
  return Array.from({ length: count }, (_, k) => first + k);
};

const SUBJECTS: Subject[] = [
  ...[14, 18, 20].map((n): Subject => {
    const L = 2 ** n;
    return {
      name: `fractionRound 2^${n}`,
      items: L / 4,
      bytes: (432 * L) / 4,
      run: (session) => {
        const [n0, n1, d0, d1] = [0, 1, 2, 3].map(() => column(session, L));
        const eq = column(session, L / 2);
        const [lambda, r] = scalars(session, 2);
        return () => session.fractionRound([n0!, n1!, d0!, d1!], eq, lambda!, r!);
      },
    };
  }),
  {
    name: "addFractions 2^20",
    items: 2 ** 19,
    bytes: 96 * 2 ** 19,
    run: (session) => {
      const [a, b] = [column(session, 2 ** 20), column(session, 2 ** 20)];
      return () => session.addFractions(a, b);
    },
  },
  {
    name: "fractions 2^20, 2 columns",
    items: 2 ** 20,
    bytes: 40 * 2 ** 20,
    run: (session) => {
      const columns = [column(session, 2 ** 20, 1), column(session, 2 ** 20, 1)];
      const [alpha, beta] = scalars(session, 2);
      return () => session.fractions(20, [{ offset: 0, shape: [2 ** 20], columns, table: 1, multiplicity: null }], alpha!, beta!);
    },
  },
  ...[2, 3].map(
    (k): Subject => ({
      name: `productRound 2^18, ${k} tables`,
      items: 2 ** 17,
      bytes: k * 96 * 2 ** 17,
      run: (session) => {
        const tables = Array.from({ length: k }, () => column(session, 2 ** 19));
        const [weight, r] = scalars(session, 2);
        return () => session.productRound(2 ** 18, tables, [{ tables: tables.map((_, j) => j), weight: weight! }], [], 3, r!);
      },
    }),
  ),
  {
    name: "innerRound 2^18",
    items: 2 ** 17,
    bytes: 2 * 96 * 2 ** 17,
    run: (session) => {
      const [first, second] = [column(session, 2 ** 19), column(session, 2 ** 19)];
      const [weight, r] = scalars(session, 2);
      return () => session.innerRound(2 ** 18, [{ first, second, weight: weight! }], [], r!);
    },
  },
  {
    name: "bind 2^20",
    items: 2 ** 19,
    bytes: 48 * 2 ** 19,
    run: (session) => {
      const table = column(session, 2 ** 20);
      const [r] = scalars(session, 1);
      return () => session.bind([table], r!);
    },
  },
  {
    name: "eqTable 2^18",
    items: 2 ** 18,
    bytes: 48 * 2 ** 18,
    run: (session) => {
      const point = scalars(session, 18);
      return () => session.eqTable(point);
    },
  },
  ...(
    [
      [1, 1024, 1024],
      [1024, 1024, 1],
    ] as const
  ).map(
    ([outer, summed, inner]): Subject => ({
      name: `contract ${outer} x ${summed} x ${inner}`,
      items: outer * summed * inner,
      bytes: 4 * outer * summed * inner,
      run: (session) => {
        const t = column(session, outer * summed * inner, 1);
        const weights = column(session, summed);
        return () => session.contract(t, outer, inner, weights);
      },
    }),
  ),
  ...[13, 16, 20].map(
    (n): Subject => ({
      name: `encode 4 columns to 2^${n}`,
      items: 2 ** n,
      bytes: 16 * 2 ** n,
      run: (session) => {
        const message = column(session, 2 ** (n - 1));
        return () => session.encode(message, 1);
      },
    }),
  ),
  {
    name: "fold 2^18",
    items: 2 ** 17,
    bytes: 48 * 2 ** 17,
    run: (session) => {
      const word = column(session, 2 ** 18);
      const [r] = scalars(session, 1);
      return () => session.fold(word, r!);
    },
  },
  {
    name: "absorb 8 words of 2^15 rows",
    items: 2 ** 15,
    bytes: 32 * 2 ** 15,
    run: (session) => {
      const [a, b] = [column(session, 2 ** 15), column(session, 2 ** 15)];
      const hasher = session.rowHasher(2 ** 15, 8);
      return () => hasher.absorb(a, b);
    },
  },
  {
    name: "merkle 2^15 leaves",
    items: 2 ** 15,
    bytes: 96 * 2 ** 15,
    run: (session) => {
      const digests = column(session, 2 ** 16);
      return () => session.merkle(digests);
    },
  },
];

await compareProducts();
const threads = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
const backend = await cpuBackend(threads === undefined ? {} : { threads });
console.log(backend.name);
for (const subject of SUBJECTS) measure(backend, subject);
await measureGrind(backend);
await backend.close();
