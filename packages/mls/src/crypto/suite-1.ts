import { shapeOk } from "./ed25519-rule.ts";
import { hkdfExpand } from "./hkdf.ts";
import { Hpke } from "./hpke.ts";
import { CryptoFailure } from "./mls-crypto.ts";
import type { MlsCrypto, Random } from "./mls-crypto.ts";
import type { Primitives } from "./primitives.ts";
import { x25519PointOk } from "./x25519-rule.ts";

const tagLength = 16;
const keyLength = 16;
const nonceLength = 12;

/** Suite 1 over the primitives of a platform; all checks that platforms could differ in are here. */
export function createSuite1(primitives: Primitives, random: Random): MlsCrypto {
  const hpke = new Hpke(primitives, random);
  const hmac = primitives.hmacSha256;

  const aeadSeal: MlsCrypto["aeadSeal"] = (key, nonce, aad, plaintext) => {
    checkKeyAndNonce(key, nonce);
    return primitives.aes128GcmSeal(key, nonce, aad, plaintext);
  };
  const aeadOpen: MlsCrypto["aeadOpen"] = (key, nonce, aad, ciphertext) => {
    checkKeyAndNonce(key, nonce);
    if (ciphertext.length < tagLength) throw new CryptoFailure("ciphertext shorter than its tag");
    try {
      return primitives.aes128GcmOpen(key, nonce, aad, ciphertext);
    } catch {
      throw new CryptoFailure("ciphertext does not belong to key, nonce and additional data");
    }
  };

  return {
    suite: 1,
    name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
    hashLength: 32,
    keyLength,
    nonceLength,
    random: (length) => Uint8Array.from(random(length)),
    hash: primitives.sha256,
    hmac,
    verifyHmac: (key, tag, data) => equalInConstantTime(hmac(key, data), tag),
    hkdfExtract: hmac,
    hkdfExpand: (prk, info, length) => hkdfExpand(hmac, prk, info, length),
    aeadSeal,
    aeadOpen,
    generateSignatureKeyPair: () => {
      const privateKey = Uint8Array.from(random(32));
      return { privateKey, publicKey: primitives.ed25519PublicKey(privateKey) };
    },
    ed25519PublicKey: (privateKey) => primitives.ed25519PublicKey(checkPrivateKey(privateKey)),
    sign: (privateKey, message) => primitives.ed25519Sign(checkPrivateKey(privateKey), message),
    verify: (publicKey, message, signature) => {
      if (!shapeOk(publicKey, signature)) return false;
      try {
        return primitives.ed25519Verify(publicKey, message, signature);
      } catch {
        return false; // no point of the curve
      }
    },
    hpkeGenerateKeyPair: () => hpke.generateKeyPair(),
    hpkeDeriveKeyPair: (ikm) => hpke.deriveKeyPair(ikm),
    hpkePublicKey: (privateKey) => primitives.x25519PublicKey(checkPrivateKey(privateKey)),
    isHpkePublicKey: x25519PointOk,
    hpkeSeal: (publicKey, info, aad, plaintext) => {
      const { enc, context } = hpke.sender(publicKey, info);
      return { enc, ciphertext: aeadSeal(context.key, context.baseNonce, aad, plaintext) };
    },
    hpkeOpen: (privateKey, enc, info, aad, ciphertext) => {
      const context = hpke.receiver(privateKey, enc, info);
      return aeadOpen(context.key, context.baseNonce, aad, ciphertext);
    },
    hpkeExportTo: (publicKey, info, exporterContext, length) => {
      const { enc, context } = hpke.sender(publicKey, info);
      return { enc, secret: hpke.export(context, exporterContext, length) };
    },
    hpkeExportFrom: (privateKey, enc, info, exporterContext, length) =>
      hpke.export(hpke.receiver(privateKey, enc, info), exporterContext, length),
  };
}

function checkPrivateKey(privateKey: Uint8Array): Uint8Array {
  if (privateKey.length !== 32) throw new CryptoFailure("private key of the wrong length");
  return privateKey;
}

function checkKeyAndNonce(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== keyLength || nonce.length !== nonceLength) {
    throw new CryptoFailure("key or nonce of the wrong length");
  }
}

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (const [i, octet] of a.entries()) difference |= octet ^ (b[i] ?? 0);
  return difference === 0;
}
