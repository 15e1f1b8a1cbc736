import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { MemberContext } from "@treehouse/mls/member";
import {
  type Bytes,
  type CodecValue,
  clientUriCodec,
  concatBytes,
  fixed,
  LABELS,
  LIMITS,
  opaque,
  Refusal,
  signedBytes,
  struct,
  u8,
  userUriCodec,
  utf8,
} from "@treehouse/protocol";

import { ApprovalFault } from "./fault.ts";

type Crypto = MemberContext["crypto"];

/** The numbers of the messages: the first three agree on a key, the others are sealed under it. */
export const AT = { first: 0, second: 1, third: 2, request: 3, grant: 4, end: 5 } as const;

/** What the new client says of itself; its private key stays where it is. */
export const approvalRequestCodec = struct({
  version: u8,
  user: userUriCodec,
  client: clientUriCodec,
  signatureKey: fixed(32),
  clientName: utf8({ max: 256 }),
});
export type ApprovalRequest = CodecValue<typeof approvalRequestCodec>;

/** What makes it a client of its user. Never the identity key: no client has it (architecture §4). */
export const approvalGrantCodec = struct({
  version: u8,
  /** Lets the new client bring the list, once. */
  proofId: utf8({ max: 256 }),
  certificate: opaque({ max: LIMITS.leafIdentityBytesMax }),
  attestation: opaque({ max: LIMITS.leafIdentityBytesMax }),
  clientList: opaque({ max: LIMITS.clientListBytesMax }),
  deviceSigningPrivateKey: fixed(32),
  accountDataKey: fixed(32),
});
export type ApprovalGrant = CodecValue<typeof approvalGrantCodec>;

/** Seals one message each way: each number has a key of its own, which only the two clients have. */
export type Channel = {
  seal(at: number, content: Bytes): Bytes;
  /** Throws `tampered`. */
  open(at: number, sealed: Bytes): Bytes;
};

const nonceLength = 24;

export function createChannel(crypto: Crypto, key: Bytes): Channel {
  const extracted = crypto.hkdfExtract(new Uint8Array(), key);
  const keyAt = (at: number): Bytes =>
    crypto.hkdfExpand(extracted, signedBytes(LABELS.approvalChannel, u8.encode(at)), 32);
  return {
    seal(at, content) {
      const nonce = crypto.random(nonceLength);
      return concatBytes(nonce, xchacha20poly1305(keyAt(at), nonce).encrypt(content));
    },
    open(at, sealed) {
      const nonce = sealed.subarray(0, nonceLength);
      try {
        const cipher = xchacha20poly1305(keyAt(at), nonce);
        return new Uint8Array(cipher.decrypt(sealed.subarray(nonceLength)));
      } catch (cause) {
        throw new ApprovalFault("tampered", { cause });
      }
    },
  };
}

/** What does not decode is not what the other client sent. */
export function decoded<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (cause instanceof Refusal) throw new ApprovalFault("tampered", { cause });
    throw cause;
  }
}
