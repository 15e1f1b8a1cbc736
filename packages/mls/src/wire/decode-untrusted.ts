import { copyBytes, equalBytes, Refusal } from "@treehouse/protocol";
import type { LimitName } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";
import type { Decoder } from "ts-mls/codec/tlsDecoder.js";
import { decodeWithin, TooManyElements } from "ts-mls/codec/variableLength.js";

import { exceeded } from "./broken.ts";

/** How one kind of foreign octets is read. */
export type Kind<T> = {
  name: string;
  limitName: LimitName;
  decode: Decoder<T>;
  encode(value: T): Uint8Array;
  /** Elements of lists beyond those that every object may have. */
  moreElements?: number;
};

/** An element takes a thousand times as long as an octet; this many octets pay for one more. */
const OCTETS_PER_ELEMENT = 64;

/**
 * Decodes foreign octets: bounded in length, without trailing octets, and in the one canonical
 * form, so that signatures and hashes over a re-encoding are signatures and hashes over what was
 * received. The value has octets of its own. Its lists have at most `listElementsMax` elements
 * together, and one more for each 64 octets. Refusals: malformed, tooLarge, limitExceeded.
 */
export function decodeUntrusted<T>(kind: Kind<T>, bytes: Uint8Array): T {
  const limit = LIMITS[kind.limitName];
  if (bytes.length > limit) {
    const data = { limitName: kind.limitName, limit, rule: "octets" } as const;
    throw new Refusal("tooLarge", `${kind.name} of more than ${limit} octets`, data);
  }
  const value = attempt(kind, copyBytes(bytes));
  if (value === undefined) throw new Refusal("malformed", `not ${kind.name}`, { rule: "form" });
  return value.decoded;
}

function attempt<T>(kind: Kind<T>, bytes: Uint8Array): { decoded: T } | undefined {
  try {
    const { moreElements = 0 } = kind;
    const byLength = Math.floor(bytes.length / OCTETS_PER_ELEMENT);
    const elements = LIMITS.listElementsMax + byLength + moreElements;
    const result = decodeWithin(elements, () => kind.decode(bytes, 0));
    if (result === undefined || result[1] !== bytes.length) return undefined;
    return equalBytes(kind.encode(result[0]), bytes) ? { decoded: result[0] } : undefined;
  } catch (error) {
    if (error instanceof TooManyElements) throw exceeded("elements", "listElementsMax");
    // The library's decoders throw declared and undeclared errors; all mean the same.
    return undefined;
  }
}
