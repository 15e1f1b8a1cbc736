import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { Bytes, Sign, Verify } from "../src/index.ts";
import { concatBytes, fromHex } from "../src/index.ts";

const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420");
const SPKI_PREFIX = fromHex("302a300506032b6570032100");

export type KeyPair = { readonly publicKey: Bytes; readonly sign: Sign };

/** The Ed25519 key whose seed (RFC 8032 §5.1.5) is this octet 32 times. */
export function keyPairOf(octet: number): KeyPair {
  const seed = new Uint8Array(32).fill(octet);
  const der = Buffer.from(concatBytes(PKCS8_PREFIX, seed));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

export const verifyEd25519: Verify = (publicKey, message, signature) => {
  const der = Buffer.from(concatBytes(SPKI_PREFIX, publicKey));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, message, key, signature);
};
