import { Refusal } from "../refusals/index.ts";
import type { Bytes } from "./bytes.ts";

const DIGITS = "0123456789abcdef";

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) text += DIGITS.charAt(octet >> 4) + DIGITS.charAt(octet & 15);
  return text;
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
