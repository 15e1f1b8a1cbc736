import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { MemberContext } from "@treehouse/mls/member";
import {
  type Bytes,
  type CodecValue,
  concatBytes,
  fixed,
  LABELS,
  signedBytes,
  struct,
  u8,
} from "@treehouse/protocol";

type Crypto = MemberContext["crypto"];

export const recoveryBundleCodec = struct({
  version: u8,
  identityPrivateKey: fixed(32),
  accountDataKey: fixed(32),
});

/**
 * What only the user can open: the identity key that contacts pin, and the key of the account
 * data. It is unwrapped for the moment of use and never stored open.
 */
export type RecoveryBundle = CodecValue<typeof recoveryBundleCodec>;

const nonceLength = 24;

/** Seals the bundle under OPAQUE's `export_key`, which the server never learns (RFC 9807 §2). */
export function sealRecoveryBundle(
  crypto: Crypto,
  bundle: RecoveryBundle,
  exportKey: Uint8Array,
): Bytes {
  const nonce = crypto.random(nonceLength);
  const cipher = xchacha20poly1305(wrappingKey(crypto, exportKey), nonce);
  return concatBytes(nonce, cipher.encrypt(recoveryBundleCodec.encode(bundle)));
}

/** Throws when the key is another one or the bundle was changed. */
export function openRecoveryBundle(
  crypto: Crypto,
  sealed: Uint8Array,
  exportKey: Uint8Array,
): RecoveryBundle {
  const nonce = sealed.subarray(0, nonceLength);
  const cipher = xchacha20poly1305(wrappingKey(crypto, exportKey), nonce);
  return recoveryBundleCodec.decode(cipher.decrypt(sealed.subarray(nonceLength)));
}

function wrappingKey(crypto: Crypto, exportKey: Uint8Array): Bytes {
  const extracted = crypto.hkdfExtract(new Uint8Array(), exportKey);
  return crypto.hkdfExpand(extracted, signedBytes(LABELS.recoveryBundle, new Uint8Array()), 32);
}
