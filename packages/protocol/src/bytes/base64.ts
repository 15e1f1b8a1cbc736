import { Refusal } from "../refusals/index.ts";
import { fromBase64Url, toBase64Url } from "./base64url.ts";
import type { Bytes } from "./bytes.ts";

/** RFC 4648 §4, with padding: the form of byte sequences in HTTP's structured fields. */
export function toBase64(bytes: Uint8Array): string {
  const text = toBase64Url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/** Reads RFC 4648 §4 in its one canonical spelling; anything else is a Refusal "malformed". */
export function fromBase64(text: string): Bytes {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = text.slice(0, text.length - padding);
  if (text.length % 4 !== 0 || digits.includes("-") || digits.includes("_")) {
    throw new Refusal("malformed", "not base64 with padding");
  }
  return fromBase64Url(digits.replaceAll("+", "-").replaceAll("/", "_"));
}
