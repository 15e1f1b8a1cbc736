/** The port in pure JavaScript, for browsers: no native call, no promise, no global. */
import { gcm } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

import type { MlsCrypto, Random } from "../mls-crypto.ts";
import type { Primitives } from "../primitives.ts";
import { createSuite1 } from "../suite-1.ts";
import { verifyByEquation } from "./verify-by-equation.ts";

const primitives: Primitives = {
  sha256: (data) => Uint8Array.from(sha256(data)),
  hmacSha256: (key, data) => Uint8Array.from(hmac(sha256, key, data)),
  aes128GcmSeal: (key, nonce, aad, plaintext) =>
    Uint8Array.from(gcm(key, nonce, aad).encrypt(plaintext)),
  aes128GcmOpen: (key, nonce, aad, sealed) => Uint8Array.from(gcm(key, nonce, aad).decrypt(sealed)),
  x25519PublicKey: (privateKey) => Uint8Array.from(x25519.getPublicKey(privateKey)),
  x25519: (privateKey, publicKey) => Uint8Array.from(x25519.getSharedSecret(privateKey, publicKey)),
  ed25519PublicKey: (privateKey) => Uint8Array.from(ed25519.getPublicKey(privateKey)),
  ed25519Sign: (privateKey, message) => Uint8Array.from(ed25519.sign(message, privateKey)),
  ed25519Verify: verifyByEquation,
};

export function createNobleCrypto({ random }: { random: Random }): MlsCrypto {
  return createSuite1(primitives, random);
}
