import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { MemberContext } from "@treehouse/mls/member";
import {
  ACCOUNT_DATA_LIMITS,
  type Bytes,
  type CodecValue,
  concatBytes,
  fixed,
  LABELS,
  Refusal,
  signedBytes,
  struct,
  toBase64Url,
  u32,
  u64,
  u8,
  type UserUri,
  userUriCodec,
  utf8,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { type DataEntries, dataEntriesSchema } from "../../storage/index.ts";

type Crypto = MemberContext["crypto"];

/** Before the entries as JSON and the zeros that pad them. */
const headCodec = struct({
  format: u8,
  /** SHA-256 of the version before, as it was sealed; 32 zero octets before version 1. */
  previous: fixed(32),
  /** Octets of the entries. */
  length: u32,
});
const headLength = 1 + 32 + 4;
const placeCodec = struct({ user: userUriCodec, slot: utf8({ max: 43 }), version: u64 });

/** Where a record lies, and as what. The server can put it at no other place unnoticed. */
export type RecordPlace = CodecValue<typeof placeCodec>;

export type OpenRecord = { readonly previous: Bytes; readonly entries: DataEntries };

const FORMAT = 1;
const nonceLength = 24;
const tagLength = 16;
const smallest = 256;

/** The slot of a record: its name under a key that the server does not have. */
export function slotOf(crypto: Crypto, key: Uint8Array, record: string): string {
  const info = signedBytes(LABELS.accountDataSlot, utf8Encode(record));
  return toBase64Url(crypto.hkdfExpand(key, info, 32));
}

/**
 * Seals a record, padded so that its length tells little: to a power of two. Refuses `limitExceeded`
 * when it is too long for the server.
 */
export function sealRecord(
  crypto: Crypto,
  key: Uint8Array,
  { place, previous, entries }: OpenRecord & { readonly place: RecordPlace },
): Bytes {
  const text = utf8Encode(JSON.stringify(entries));
  const { length } = text;
  const padded = Math.max(smallest, 2 ** Math.ceil(Math.log2(headLength + length)));
  if (padded + nonceLength + tagLength > ACCOUNT_DATA_LIMITS.accountDataBytesMax) {
    throw new Refusal("limitExceeded", "a record of the account data is full", {
      limitName: "accountDataBytesMax",
      limit: ACCOUNT_DATA_LIMITS.accountDataBytesMax,
    });
  }
  const content = new Uint8Array(padded);
  content.set(headCodec.encode({ format: FORMAT, previous, length }));
  content.set(text, headLength);
  const nonce = crypto.random(nonceLength);
  return concatBytes(nonce, cipherOf(crypto, key, place, nonce).encrypt(content));
}

/** Undefined when it was not sealed for this place under this key, or says nothing that is known. */
export function openRecord(
  crypto: Crypto,
  key: Uint8Array,
  { place, sealed }: { readonly place: RecordPlace; readonly sealed: Uint8Array },
): OpenRecord | undefined {
  const nonce = sealed.subarray(0, nonceLength);
  let plain: Uint8Array;
  try {
    plain = cipherOf(crypto, key, place, nonce).decrypt(sealed.subarray(nonceLength));
  } catch {
    return undefined;
  }
  const { format, previous, length } = headCodec.decode(
    new Uint8Array(plain.subarray(0, headLength)),
  );
  if (format !== FORMAT) return undefined;
  const text = utf8Decode(plain.subarray(headLength, headLength + length));
  return { previous, entries: dataEntriesSchema.parse(JSON.parse(text)) };
}

function cipherOf(crypto: Crypto, key: Uint8Array, place: RecordPlace, nonce: Uint8Array) {
  const info = signedBytes(LABELS.accountData, new Uint8Array());
  const aad = signedBytes(LABELS.accountData, placeCodec.encode(place));
  return xchacha20poly1305(crypto.hkdfExpand(key, info, 32), nonce, aad);
}

export function placeOf(user: UserUri, slot: string, version: number): RecordPlace {
  return { user, slot, version };
}
