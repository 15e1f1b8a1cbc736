import { copyBytes, equalBytes, Refusal } from "@treehouse/protocol";
import type { LimitName } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";
import type { Decoder } from "ts-mls/codec/tlsDecoder.js";

/** How one kind of foreign octets is read. */
export type Kind<T> = {
  name: string;
  limitName: LimitName;
  decode: Decoder<T>;
  encode(value: T): Uint8Array;
};

/**
 * Decodes foreign octets: bounded in length, without trailing octets, and in the one canonical
 * form, so that signatures and hashes over a re-encoding are signatures and hashes over what was
 * received. The value has octets of its own. Refusals: malformed, tooLarge.
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
    const result = kind.decode(bytes, 0);
    if (result === undefined || result[1] !== bytes.length) return undefined;
    return equalBytes(kind.encode(result[0]), bytes) ? { decoded: result[0] } : undefined;
  } catch {
    // The library's decoders throw declared and undeclared errors; all mean the same.
    return undefined;
  }
}
