import { fixed, LIMITS, optional, struct, u64, utf8, versioned } from "@treehouse/protocol";
import type { Bytes, Codec } from "@treehouse/protocol";

/** What is written of a key of this server. */
export interface OwnKeyFile {
  /** Destroyed once nobody accepts its signatures any more. */
  readonly privateKey: Bytes | undefined;
  readonly publicKey: Bytes;
  /** From when on it signs. */
  readonly notBefore: number;
  /** The key before it, and that one's signature over this. */
  readonly certified: { readonly by: string; readonly certificate: Bytes } | undefined;
}

const VERSION = 1;

export const keyFile: Codec<OwnKeyFile> = versioned(
  VERSION,
  struct<OwnKeyFile>({
    privateKey: optional(fixed(32)),
    publicKey: fixed(32),
    notBefore: u64,
    certified: optional(
      struct({ by: utf8({ max: LIMITS.keyIdBytesMax }), certificate: fixed(64) }),
    ),
  }),
);

/** Of a key that has its private half, or of one that is over. */
type State = "key" | "retired";

/** Each key is a file of its own, numbered in their order. */
export function keyFileName(number: number, state: State): string {
  return `federation-${state}-${number}`;
}

export function numbersIn(names: readonly string[], state: State): readonly number[] {
  const start = keyFileName(0, state).slice(0, -1);
  return names
    .filter((name) => name.startsWith(start))
    .map((name) => Number(name.slice(start.length)))
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .toSorted((left, right) => left - right);
}
