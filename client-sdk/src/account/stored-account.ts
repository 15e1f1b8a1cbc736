import {
  type CodecValue,
  clientUriCodec,
  fixed,
  LIMITS,
  opaque,
  optional,
  struct,
  u8,
  userUriCodec,
  utf8,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";

const accountCodec = struct({
  version: u8,
  server: utf8({ max: 2048 }),
  user: userUriCodec,
  client: clientUriCodec,
  signaturePrivateKey: fixed(32),
  signaturePublicKey: fixed(32),
  deviceSigningPrivateKey: fixed(32),
  certificate: opaque({ max: LIMITS.leafIdentityBytesMax }),
  attestation: opaque({ max: LIMITS.leafIdentityBytesMax }),
  clientList: opaque({ max: LIMITS.clientListBytesMax }),
  /** Encoded LeafIdentity with the server's countersignature; absent until registered. */
  leafIdentity: optional(opaque({ max: LIMITS.leafIdentityBytesMax })),
  /** Absent after a logout. */
  sessionToken: optional(utf8({ max: 256 })),
});

/** The one account and client that a store belongs to. */
export type StoredAccount = CodecValue<typeof accountCodec>;

const name = "account";

/** Until the server has the sealed recovery bundle, the store keeps what goes into it. */
export const bundleSetting = "recovery bundle";

/** Seals the account data: from the recovery bundle, which itself is kept nowhere open. */
export const dataKeySetting = "account data key";

export function readAccount(tx: LocalTx): StoredAccount | undefined {
  const bytes = tx.settings.get(name);
  return bytes === undefined ? undefined : accountCodec.decode(bytes);
}

export function writeAccount(tx: LocalTx, account: StoredAccount): void {
  tx.settings.put(name, accountCodec.encode(account));
}
