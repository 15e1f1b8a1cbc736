import type { Bytes } from "../bytes/index.ts";
import { type Codec, fixed, struct, versioned } from "../codec/index.ts";

/** First octet of a joining code that asks to be let in, beside that of a ticket. */
const knockVersion = 2;

/** FED-1090: whoever is let in by a join link with this key is who has knocked. */
export type Knock = { readonly key: Bytes };

export const knockCodec: Codec<Knock> = versioned(knockVersion, struct<Knock>({ key: fixed(32) }));

/** Whether a joining code is a knock, and no ticket. */
export function isKnock(joiningCode: Uint8Array): boolean {
  return joiningCode[0] === knockVersion;
}
