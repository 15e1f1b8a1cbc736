import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { MemberContext } from "@treehouse/mls/member";
import {
  type Bytes,
  type CodecValue,
  concatBytes,
  fixed,
  struct,
  u32,
  u8,
  type UserUri,
  userUriCodec,
} from "@treehouse/protocol";

import { copyKeyOf, type RecoveryKey } from "./recovery-key.ts";

type Crypto = MemberContext["crypto"];

const recoveryCopyCodec = struct({
  version: u8,
  identityPrivateKey: fixed(32),
  accountDataKey: fixed(32),
  /** The device-signing key and the client list at that time: a server cannot go back behind them. */
  deviceSigningNumber: u32,
  clientListVersion: u32,
  /** All copies have one length, also when a later release puts more into them. */
  padding: fixed(183),
});

const placeCodec = struct({ user: userUriCodec, version: u32 });

/** What the recovery key opens. */
export type RecoveryCopy = Omit<CodecValue<typeof recoveryCopyCodec>, "version" | "padding">;

/** Of whom a copy is, and the how manieth: another one in its place does not open. */
type Place = { readonly user: UserUri; readonly version: number };

const nonceLength = 24;

export function sealRecoveryCopy(
  crypto: Crypto,
  key: RecoveryKey,
  { place, copy }: { readonly place: Place; readonly copy: RecoveryCopy },
): Bytes {
  const nonce = crypto.random(nonceLength);
  const cipher = xchacha20poly1305(copyKeyOf(crypto, key), nonce, placeCodec.encode(place));
  const content = { version: 1, ...copy, padding: new Uint8Array(183) };
  return concatBytes(nonce, cipher.encrypt(recoveryCopyCodec.encode(content)));
}

/** Throws when the key or the place is another one, or the copy was changed. */
export function openRecoveryCopy(
  crypto: Crypto,
  key: RecoveryKey,
  { place, sealed }: { readonly place: Place; readonly sealed: Uint8Array },
): RecoveryCopy {
  const nonce = sealed.subarray(0, nonceLength);
  const cipher = xchacha20poly1305(copyKeyOf(crypto, key), nonce, placeCodec.encode(place));
  return recoveryCopyCodec.decode(cipher.decrypt(sealed.subarray(nonceLength)));
}
