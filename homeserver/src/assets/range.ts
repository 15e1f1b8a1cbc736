import { Refusal } from "@treehouse/protocol";

/** One range of a `Range` header (RFC 9110 §14.1.2), cut to what there is; everything without one. */
export function parseRange(
  header: string | undefined,
  size: number,
): { readonly offset: number; readonly length: number } {
  if (header === undefined) return { offset: 0, length: size };
  const found = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header);
  const [, from = "", to = ""] = found ?? [];
  if (found === null || (from === "" && to === "")) {
    throw new Refusal("malformed", "The range is not one of octets.");
  }
  const offset = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size : Math.min(size, Number(to) + 1);
  if (offset >= end) throw new Refusal("malformed", "The range has nothing in it.");
  return { offset, length: end - offset };
}
