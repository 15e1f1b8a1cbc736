import { Refusal } from "../refusals/index.ts";
import type { Bytes } from "./bytes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of a text; a lone surrogate is a RangeError, for it has no UTF-8. */
export function utf8Encode(text: string): Bytes {
  if (!text.isWellFormed()) throw new RangeError("a text with a lone surrogate has no UTF-8");
  return new Uint8Array(encoder.encode(text));
}

/** Reads UTF-8 strictly: an invalid sequence is a Refusal "malformed", a byte order mark stays. */
export function utf8Decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new Refusal("malformed", "not UTF-8", {}, { cause });
  }
}
