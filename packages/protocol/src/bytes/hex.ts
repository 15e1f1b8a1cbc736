import { Refusal } from "../refusals/index.ts";
import type { Bytes } from "./bytes.ts";
import { utf8Decode, utf8Encode } from "./utf8.ts";

const DIGITS = utf8Encode("0123456789abcdef");

/**
 * Lower-case hexadecimal. Written as octets: a text that is put together keeps its pieces, which is twenty
 * times as much memory where it is the key of something that is remembered.
 */
export function toHex(bytes: Uint8Array): string {
  const digits = new Uint8Array(2 * bytes.length);
  let at = 0;
  for (const octet of bytes) {
    digits[at++] = DIGITS[octet >> 4] ?? 0;
    digits[at++] = DIGITS[octet & 15] ?? 0;
  }
  return utf8Decode(digits);
}

/** Reads hexadecimal of either case; anything else is a Refusal "malformed". */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new Refusal("malformed", "not hexadecimal");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}
