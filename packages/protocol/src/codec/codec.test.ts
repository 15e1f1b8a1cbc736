import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { Refusal } from "../refusals/index.ts";
import { codec as codecOf } from "./codec.ts";
import { optional, struct, variant, vector, versioned } from "./combinators.ts";
import {
  checked,
  enumeration,
  fixed,
  flags,
  opaque,
  u16,
  u32,
  u64,
  u8,
  utf8,
} from "./primitives.ts";
import { Reader } from "./reader.ts";
import { VARINT_MAX, Writer } from "./writer.ts";

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function varint(value: number): string {
  const writer = new Writer(4);
  writer.varint(value);
  return toHex(writer.finish());
}

describe("varints", () => {
  test("have the forms of RFC 9420 §2.1.2", () => {
    // The examples of RFC 9000 appendix A.1, whose format MLS takes over up to four octets.
    expect(varint(37)).toBe("25");
    expect(varint(15_293)).toBe("7bbd");
    expect(varint(494_878_333)).toBe("9d7f3e7d");
    expect(varint(63)).toBe("3f");
    expect(varint(64)).toBe("4040");
    expect(varint(16_383)).toBe("7fff");
    expect(varint(16_384)).toBe("80004000");
    expect(varint(VARINT_MAX)).toBe("bfffffff");
  });

  test("FED-101 are read back, and only in their shortest form", () => {
    const property = fc.property(fc.integer({ min: 0, max: VARINT_MAX }), (value) => {
      expect(new Reader(fromHex(varint(value))).varint()).toBe(value);
    });
    fc.assert(property);
    for (const hex of ["4025", "80000025", "80003fff", "c000000000000025", "ff", "40", "800040"]) {
      expect(refusalOf(() => new Reader(fromHex(hex)).varint()).code).toBe("malformed");
    }
  });

  test("over 2^30-1 cannot be written", () => {
    expect(() => varint(VARINT_MAX + 1)).toThrow(RangeError);
  });
});

describe("numbers", () => {
  test("are big-endian", () => {
    expect(toHex(u16.encode(0x0102))).toBe("0102");
    expect(toHex(u32.encode(0xf1020304))).toBe("f1020304");
    expect(toHex(u64.encode(0x01_0203_0405_0607))).toBe("0001020304050607");
    expect(u64.decode(fromHex("001fffffffffffff"))).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("FED-104 over 2^53-1 are refused", () => {
    expect(refusalOf(() => u64.decode(fromHex("0020000000000000"))).code).toBe("malformed");
    expect(refusalOf(() => u64.decode(fromHex("ffffffffffffffff"))).code).toBe("malformed");
  });

  test("that do not fit cannot be written", () => {
    for (const value of [-1, 256, 1.5, Number.NaN]) {
      expect(() => u8.encode(value)).toThrow(RangeError);
    }
    expect(() => u16.encode(65_536)).toThrow(RangeError);
    expect(() => u32.encode(2 ** 32)).toThrow(RangeError);
    expect(() => u64.encode(2 ** 53)).toThrow(RangeError);
  });
});

describe("byte strings", () => {
  test("FED-106 over the limit are refused, with the limit", () => {
    const codec = opaque({ max: 3 });
    expect(toHex(codec.encode(fromHex("010203")))).toBe("03010203");
    expect(refusalOf(() => codec.decode(fromHex("0401020304"))).data).toEqual({ limit: 3 });
    expect(() => codec.encode(fromHex("01020304"))).toThrow(RangeError);
  });

  test("under the minimum are refused", () => {
    const codec = opaque({ max: 3, min: 2 });
    expect(refusalOf(() => codec.decode(fromHex("0101"))).code).toBe("malformed");
    expect(() => codec.encode(fromHex("01"))).toThrow(RangeError);
  });

  test("FED-106 of a length beyond the input are refused before anything is allocated", () => {
    const codec = opaque({ max: VARINT_MAX });
    expect(refusalOf(() => codec.decode(fromHex("bfffffff00"))).code).toBe("malformed");
    expect(refusalOf(() => fixed(4).decode(fromHex("000000"))).code).toBe("malformed");
  });

  test("are copies unless views are asked for", () => {
    const input = fromHex("020a0b");
    const copied = opaque({ max: 8 }).decode(input);
    const sliced = opaque({ max: 8 }).decode(input, "sliced");
    expect(sliced.buffer).toBe(input.buffer);
    input.fill(0);
    expect(toHex(copied)).toBe("0a0b");
    expect(toHex(sliced)).toBe("0000");
  });

  test("in the middle of a larger buffer are read at their place", () => {
    const around = fromHex("ffff020a0bffff");
    expect(toHex(opaque({ max: 8 }).decode(around.subarray(2, 5)))).toBe("0a0b");
    expect(toHex(opaque({ max: 8 }).decode(around.subarray(2, 5), "sliced"))).toBe("0a0b");
    expect(refusalOf(() => opaque({ max: 8 }).decode(around.subarray(2, 4))).code).toBe(
      "malformed",
    );
  });
});

describe("texts", () => {
  const codec = utf8({ max: 8 });

  test("are UTF-8 without NUL, counted in octets", () => {
    expect(toHex(codec.encode("gruß"))).toBe("056772 75c39f".replace(" ", ""));
    expect(codec.decode(fromHex("03efbbbf"))).toBe("\u{feff}");
    for (const hex of ["0100", "01ff", "02c080", "03eda080", "09616161616161616161"]) {
      expect(refusalOf(() => codec.decode(fromHex(hex))).code).toBe("malformed");
    }
  });

  test("without an encoding cannot be written", () => {
    expect(() => codec.encode("\0")).toThrow(RangeError);
    expect(() => codec.encode("\u{d800}")).toThrow(RangeError);
    expect(() => codec.encode("ßßßßß")).toThrow(RangeError);
  });
});

describe("combinators", () => {
  test("FED-103 an element cannot reach beyond its vector", () => {
    const codec = struct<{ list: readonly number[]; after: number }>({
      list: vector(u16),
      after: u16,
    });
    expect(codec.decode(fromHex("0200010002"))).toEqual({ list: [1], after: 2 });
    expect(refusalOf(() => codec.decode(fromHex("0300010002"))).code).toBe("malformed");
  });

  test("vectors over their bounds are refused either way", () => {
    const codec = vector(u8, { countMax: 2, countMin: 1 });
    expect(refusalOf(() => codec.decode(fromHex("03000000"))).code).toBe("malformed");
    expect(refusalOf(() => codec.decode(fromHex("00"))).code).toBe("malformed");
    expect(() => codec.encode([1, 2, 3])).toThrow(RangeError);
    expect(() => codec.encode([])).toThrow(RangeError);
    const short = vector(u8, { bytesMax: 2 });
    expect(short.decode(short.encode([1, 2]))).toEqual([1, 2]);
    expect(refusalOf(() => short.decode(fromHex("03000000"))).code).toBe("malformed");
    expect(() => short.encode([1, 2, 3])).toThrow(RangeError);
  });

  test("vectors of every length form are written in place", () => {
    for (const count of [0, 1, 63, 64, 65, 16_383, 16_384, 20_000]) {
      const values = Array.from({ length: count }, (_, index) => index % 256);
      const codec = versioned(7, vector(u8));
      expect(codec.decode(codec.encode(values))).toEqual(values);
    }
  });

  test("an optional is 0 or 1", () => {
    const codec = optional(u8);
    expect(toHex(codec.encode(undefined))).toBe("00");
    expect(toHex(codec.encode(5))).toBe("0105");
    expect(refusalOf(() => codec.decode(fromHex("0205"))).code).toBe("malformed");
  });

  test("names stand for octets, and no other octet is taken", () => {
    const codec = enumeration({ one: 1, nine: 9 });
    expect(codec.decode(codec.encode("nine"))).toBe("nine");
    for (const octet of [0, 2, 255]) {
      expect(refusalOf(() => codec.decode(Uint8Array.of(octet))).code).toBe("malformed");
    }
  });

  test("flags without a name are refused", () => {
    const codec = flags({ first: 0, third: 2 });
    expect(toHex(codec.encode({ first: true, third: true }))).toBe("05");
    expect(codec.decode(fromHex("04"))).toEqual({ first: false, third: true });
    expect(refusalOf(() => codec.decode(fromHex("02"))).code).toBe("malformed");
  });

  test("a tagged union reads the case that its octet selects", () => {
    type Shape = { kind: "dot" } | { kind: "line"; length: number };
    const codec = variant<Shape, "kind">("kind", {
      dot: { tag: 0, codec: struct({}) },
      line: { tag: 4, codec: struct({ length: u16 }) },
    });
    expect(toHex(codec.encode({ kind: "line", length: 3 }))).toBe("040003");
    expect(codec.decode(fromHex("00"))).toEqual({ kind: "dot" });
    expect(refusalOf(() => codec.decode(fromHex("01"))).code).toBe("malformed");
  });

  test("another version is refused", () => {
    expect(refusalOf(() => versioned(1, u8).decode(fromHex("0205"))).code).toBe("malformed");
  });

  test("a checked value is refused when read and a bug when written", () => {
    const even = checked(u8, (value) => (value % 2 === 0 ? undefined : "odd"));
    expect(even.decode(fromHex("04"))).toBe(4);
    expect(refusalOf(() => even.decode(fromHex("05"))).code).toBe("malformed");
    expect(() => even.encode(5)).toThrow(RangeError);
  });
});

describe("encoding", () => {
  const octets = opaque({ max: 20_000 });

  test("gives each value octets of its own, also to a codec that encodes another meanwhile", () => {
    const nested = codecOf<Bytes>(
      (writer, value) => {
        writer.u8(9);
        writer.opaque(octets.encode(value));
      },
      (reader) => reader.opaque(20_000),
    );
    const first = nested.encode(Uint8Array.of(1));
    const second = nested.encode(Uint8Array.of(2, 3));
    const large = octets.encode(new Uint8Array(10_000));
    expect([toHex(first), toHex(second), large.length]).toEqual(["09020101", "0903020203", 10_002]);
    expect(toHex(octets.encode(Uint8Array.of(5)))).toBe("0105");
    expect(new Set([first, second, large].map(({ buffer }) => buffer)).size).toBe(3);
  });

  test("leaves nothing behind of a value that has no encoding", () => {
    const pair = struct({ first: u8, second: u8 });
    expect(() => pair.encode({ first: 1, second: 256 })).toThrow(RangeError);
    expect(toHex(pair.encode({ first: 2, second: 3 }))).toBe("0203");
  });
});
