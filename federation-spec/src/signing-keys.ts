import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Bytes, Sign, Verify } from "@treehouse/protocol";
import { concatBytes, fromHex } from "@treehouse/protocol";

const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = fromHex("302a300506032b6570032100");

export type SigningKey = {
  /** Seed of RFC 8032 §5.1.5. */
  readonly seed: Bytes;
  readonly publicKey: Bytes;
  readonly sign: Sign;
};

/** The Ed25519 key of a seed. */
export function signingKeyOf(seed: Bytes): SigningKey {
  const der = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    seed,
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** Ed25519 of the platform, whose verdicts are those of FED-131. */
export const verifySignature: Verify = (publicKey, message, signature) => {
  const der = Buffer.from(concatBytes(SPKI_PREFIX, publicKey));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, message, key, signature);
};

const keyOfOctet = (octet: number) => signingKeyOf(new Uint8Array(32).fill(octet));

/** The keys of the signature vectors: their seeds are one octet 32 times. */
export const signingKeys = {
  identity: keyOfOctet(0x01),
  deviceSigning: keyOfOctet(0x02),
  client: keyOfOctet(0x03),
  server: keyOfOctet(0x04),
  hub: keyOfOctet(0x05),
  federation: keyOfOctet(0x06),
  nextFederation: keyOfOctet(0x07),
} as const;

export type SigningKeyName = keyof typeof signingKeys;
