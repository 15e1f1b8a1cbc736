import fc from "fast-check";
import { expect, test } from "vitest";
import { Refusal } from "../refusals/index.ts";
import {
  concatBytes,
  equalBytes,
  fromBase64Url,
  fromHex,
  sha256,
  toBase64Url,
  toHex,
  utf8Decode,
  utf8Encode,
} from "./index.ts";

const octets = fc.uint8Array({ maxLength: 70 });

test("base64url and hex agree with the platform's and read back", () => {
  const property = fc.property(octets, (bytes) => {
    expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
    expect(equalBytes(fromBase64Url(toBase64Url(bytes)), bytes)).toBe(true);
    expect(equalBytes(fromHex(toHex(bytes).toUpperCase()), bytes)).toBe(true);
  });
  fc.assert(property);
});

test("base64url has one spelling per byte string", () => {
  const property = fc.property(fc.string({ maxLength: 12 }), (text) => {
    expect(["refused", text]).toContain(respelled(text));
  });
  fc.assert(property);
  for (const text of ["A", "AB", "AAB", "AA==", "A+/A", "A\n", "ÄA", "AAAAA"]) {
    expect(() => fromBase64Url(text)).toThrow(Refusal);
  }
});

test("hex of odd length or with other characters is refused", () => {
  for (const text of ["0", "0g", "0x00", " 00"]) expect(() => fromHex(text)).toThrow(Refusal);
});

test("equality needs the same length and octets", () => {
  expect(equalBytes(fromHex("0102"), fromHex("0102"))).toBe(true);
  expect(equalBytes(fromHex("0102"), fromHex("0103"))).toBe(false);
  expect(equalBytes(fromHex("0102"), fromHex("010200"))).toBe(false);
  expect(toHex(concatBytes(fromHex("01"), fromHex(""), fromHex("0203")))).toBe("010203");
});

test("UTF-8 is strict in both directions", () => {
  expect(utf8Decode(utf8Encode("\u{feff}häß 🌳"))).toBe("\u{feff}häß 🌳");
  expect(() => utf8Decode(fromHex("ff"))).toThrow(Refusal);
  expect(() => utf8Encode("\u{dc00}")).toThrow(RangeError);
});

test("sha256 gives the value of FIPS 180-2 appendix B.1", () => {
  expect(toHex(sha256(utf8Encode("abc")))).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

function respelled(text: string): string {
  try {
    return toBase64Url(fromBase64Url(text));
  } catch (error) {
    if (error instanceof Refusal) return "refused";
    throw error;
  }
}
