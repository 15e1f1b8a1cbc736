import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../bytes/index.ts";
import { decodeCbor } from "./decode-cbor.ts";
import { encodeCbor } from "./encode-cbor.ts";

describe("deterministic CBOR", () => {
  const refused: readonly [string, string][] = [
    ["an integer in too many octets", "1817"],
    ["a length in too many octets", "5801ff"],
    ["an indefinite length", "9f01ff"],
    ["keys out of order", "a2020001"],
    ["a key twice", "a201000100"],
    ["a float that fits into half", "fa3f800000"],
    ["another NaN", "f97e01"],
    ["undefined", "f7"],
    ["a simple value", "f820"],
    ["invalid UTF-8", "62c328"],
    ["an integer over 2^53-1", "1b0020000000000000"],
    ["a count that no input could hold", "9affffffff"],
    ["an array as key", "a18000"],
  ];
  it.each(refused)("%s is malformed", (_, hex) => {
    expect(() => decodeCbor(fromHex(hex), 4)).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  });

  it("keeps what other decoders change: a byte order mark, 1.0, half subnormals", () => {
    for (const hex of ["63efbbbf", "f93c00", "f90003", "f98000", "f97e00", "fb3ff199999999999a"]) {
      expect(toHex(encodeCbor(decodeCbor(fromHex(hex), 4)))).toBe(hex);
    }
    expect(decodeCbor(fromHex("63efbbbf"), 1)).toBe("\u{feff}");
  });

  it("orders keys by their octets, not by their length: 24 comes before -1", () => {
    const map = new Map<number | string, number>([
      [-1, 0],
      ["a", 0],
      [24, 0],
    ]);
    expect(toHex(encodeCbor(map))).toBe("a31818002000616100");
  });
});
