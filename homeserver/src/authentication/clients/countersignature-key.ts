import { concatBytes, sha256, toBase64Url } from "@treehouse/protocol";
import type { PublicContext } from "@treehouse/mls/public";
import type { Bytes, Verify } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import type { SecretFiles } from "../secret-files.ts";

/** Ed25519 with the one accept rule of this project. */
export type Signatures = Pick<
  PublicContext["crypto"],
  "generateSignatureKeyPair" | "sign" | "verify"
>;

/** As the identity structs take it. */
export function verifier(signatures: Signatures): Verify {
  return (key, message, signature) => signatures.verify(key, message, signature);
}

/**
 * The key with which this server vouches for the link between a user and the keys her clients
 * sign with. It signs client lists and attestations and nothing else.
 */
export type CountersignatureKey = {
  /** Follows from the key, so that two keys never share one. */
  readonly kid: string;
  readonly publicKey: Bytes;
  readonly privateKey: Bytes;
};

const KEY_FILE = "countersignature-key";
const KEY_FILE_VERSION = 1;
const KEY_BYTES = 32;

/** Loads the key, or makes it on the first start. File: u8 version ‖ private 32 ‖ public 32. */
export async function openCountersignatureKey(
  files: SecretFiles,
  signatures: Signatures,
): Promise<CountersignatureKey> {
  const stored = (await files.read(KEY_FILE)) ?? (await files.create(KEY_FILE, make(signatures)));
  if (stored.length !== 1 + 2 * KEY_BYTES || stored[0] !== KEY_FILE_VERSION) {
    throw new Assertion("the countersignature key file is not one of this version");
  }
  const privateKey = stored.slice(1, 1 + KEY_BYTES);
  const publicKey = stored.slice(1 + KEY_BYTES);
  return { kid: kidOf(publicKey), privateKey, publicKey };
}

function make(signatures: Signatures): Bytes {
  const { privateKey, publicKey } = signatures.generateSignatureKeyPair();
  return concatBytes(Uint8Array.of(KEY_FILE_VERSION), privateKey, publicKey);
}

function kidOf(publicKey: Bytes): string {
  return toBase64Url(sha256(publicKey).slice(0, 12));
}
