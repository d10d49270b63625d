import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { npy } from "../testing/cli.ts";
import { isNpy, parseNpy } from "./npy.ts";

const bytesOf = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

describe("parseNpy()", () => {
  // numpy.save of numpy.array([[1.5, -2], [3, 0.25]], dtype="<f4"), NumPy 2.4.6
  const saved = Buffer.from(
    "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028322c2032292c207d" +
      `${"20".repeat(58)}0a0000c03f000000c0000040400000803e`,
    "hex",
  );

  const version9 = npy({ descr: "|u1", shape: "(1,)" }, Uint8Array.of(1));
  version9[6] = 9;

  it("reads what NumPy writes", () => {
    const { shape, values } = parseNpy(saved);
    expect(shape).toEqual([2, 2]);
    expect([...values]).toEqual([1.5, -2, 3, 0.25]);
  });

  it.each<[string, ArrayBufferView, number[]]>([
    ["|u1", Uint8Array.of(0, 255), [0, 255]],
    ["|i1", Int8Array.of(-1, 127), [-1, 127]],
    ["|b1", Uint8Array.of(0, 1), [0, 1]],
    ["<u2", Uint16Array.of(1, 65535), [1, 65535]],
    ["<i2", Int16Array.of(-2, 3), [-2, 3]],
    ["<u4", Uint32Array.of(1, 4294967295), [1, 4294967295]],
    ["<i4", Int32Array.of(-5, 6), [-5, 6]],
    ["<i8", BigInt64Array.of(-7n, 8n), [-7, 8]],
    ["<u8", BigUint64Array.of(9n, 10n), [9, 10]],
    ["<f8", Float64Array.of(0.1, -1e300), [0.1, -1e300]],
    [">i2", bytesOf(Int16Array.of(0x0100, 0x0200)), [1, 2]],
  ])("reads cells of type %s", (descr, cells, expected) => {
    expect([...parseNpy(npy({ descr, shape: "(2,)" }, cells)).values]).toEqual(expected);
  });

  it("reads version 2, scalars and empty arrays", () => {
    expect(parseNpy(npy({ descr: "|u1", shape: "(3,)" }, Uint8Array.of(1, 2, 3), 2)).shape).toEqual([3]);
    expect(parseNpy(npy({ descr: "|u1", shape: "()" }, Uint8Array.of(4)))).toEqual({ shape: [], values: Float64Array.of(4) });
    expect(parseNpy(npy({ descr: "|u1", shape: "(0,)" }, new Uint8Array())).values).toHaveLength(0);
  });

  it("turns Fortran order into C order", () => {
    const { shape, values } = parseNpy(npy({ descr: "|u1", order: "True", shape: "(2, 3)" }, Uint8Array.of(1, 4, 2, 5, 3, 6)));
    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each<[string, Uint8Array]>([
    ["it is no .npy file", Uint8Array.of(1, 2, 3)],
    ["it is no .npy file", saved.subarray(0, 8)],
    ["version 9", version9],
    ["header is cut off", saved.subarray(0, 60)],
    ["asks for 16 bytes of cells, it has 15", saved.subarray(0, saved.length - 1)],
    ["asks for 1 bytes of cells, it has 2", npy({ descr: "|u1", shape: "(1,)" }, Uint8Array.of(1, 2))],
    ["known type", npy({ descr: "<c8", shape: "(1,)" }, new Uint8Array(8))],
    ["known type", npy({ descr: "|O8", shape: "(1,)" }, new Uint8Array(8))],
    ["malformed", npy({ descr: "|u1", shape: "(-1,)" }, Uint8Array.of(1))],
  ])("refuses: %s", (message, bytes) => {
    expect(() => parseNpy(bytes)).toThrow(SyntaxError);
    expect(() => parseNpy(bytes)).toThrow(message);
  });
});

describe("parseNpy() on damaged files", () => {
  it("throws SyntaxError or nothing", () => {
    const whole = npy({ descr: "<i4", order: "True", shape: "(2, 3)" }, Int32Array.of(1, 2, 3, 4, 5, 6));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (position, value, length) => {
        const bytes = whole.slice(0, value % 2 === 1 ? length : whole.length);
        if (position < bytes.length) bytes[position] = value;
        try {
          parseNpy(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
    );
  });
});

describe("isNpy()", () => {
  it("looks at the first six bytes", () => {
    expect(isNpy(npy({ descr: "|u1", shape: "(1,)" }, Uint8Array.of(1)))).toBe(true);
    expect(isNpy(new TextEncoder().encode("[1, 2]"))).toBe(false);
  });
});
