import type { CiphersuiteImpl } from "ts-mls";
import { CryptoError } from "ts-mls/mlsError.js";

import type { MlsCrypto } from "./mls-crypto.ts";

const known = new WeakMap<MlsCrypto, CiphersuiteImpl>();
const none = new Uint8Array();

/**
 * The provider as ts-mls wants it: promises over synchronous functions. One object per provider,
 * because the library remembers the hashes of trees for each hash function.
 */
export function toTsMls(crypto: MlsCrypto): CiphersuiteImpl {
  const existing = known.get(crypto);
  if (existing !== undefined) return existing;
  const suite: CiphersuiteImpl = {
    name: crypto.name,
    hash: {
      digest: async (data) => crypto.hash(data),
      digestSync: (data) => crypto.hash(data),
      mac: async (key, data) => crypto.hmac(key, data),
      verifyMac: async (key, mac, data) => crypto.verifyHmac(key, mac, data),
    },
    kdf: {
      size: crypto.hashLength,
      extract: async (salt, ikm) => crypto.hkdfExtract(salt, ikm),
      expand: async (prk, info, length) => crypto.hkdfExpand(prk, info, length),
    },
    rng: { randomBytes: (length) => crypto.random(length) },
    signature: {
      sign: async (privateKey, message) => crypto.sign(privateKey, message),
      verify: async (publicKey, message, signature) => crypto.verify(publicKey, message, signature),
      keygen: async () => {
        const { privateKey, publicKey } = crypto.generateSignatureKeyPair();
        return { signKey: privateKey, publicKey };
      },
    },
    hpke: hpkeOf(crypto),
  };
  known.set(crypto, suite);
  return suite;
}

/** The same, but for how signatures are verified: what it remembers of trees is shared. */
export function toTsMlsWith(crypto: MlsCrypto, verify: MlsCrypto["verify"]): CiphersuiteImpl {
  const suite = toTsMls(crypto);
  if (verify === crypto.verify) return suite;
  const { signature } = suite;
  const verifying: typeof signature.verify = async (key, message, signed) =>
    verify(key, message, signed);
  return { ...suite, signature: { ...signature, verify: verifying } };
}

function hpkeOf(crypto: MlsCrypto): CiphersuiteImpl["hpke"] {
  const pair = (keys: { privateKey: Uint8Array; publicKey: Uint8Array }) => ({
    privateKey: { type: "private" as const, raw: keys.privateKey },
    publicKey: { type: "public" as const, raw: keys.publicKey },
  });
  return {
    keyLength: crypto.keyLength,
    nonceLength: crypto.nonceLength,
    open: async (privateKey, enc, ciphertext, info, aad = none) =>
      orCryptoError(() => crypto.hpkeOpen(raw(privateKey), enc, info, aad, ciphertext)),
    seal: async (publicKey, plaintext, info, aad = none) =>
      orCryptoError(() => {
        const { enc, ciphertext } = crypto.hpkeSeal(raw(publicKey), info, aad, plaintext);
        return { enc, ct: ciphertext };
      }),
    importPrivateKey: async (bytes) => {
      if (bytes.length !== 32) throw new CryptoError("private key of the wrong length");
      return { type: "private", raw: bytes };
    },
    importPublicKey: async (bytes) => {
      if (!crypto.isHpkePublicKey(bytes)) throw new CryptoError("unusable HPKE public key");
      return { type: "public", raw: bytes };
    },
    exportPublicKey: async (key) => raw(key),
    exportPrivateKey: async (key) => raw(key),
    encryptAead: async (key, nonce, aad, plaintext) =>
      crypto.aeadSeal(key, nonce, aad ?? none, plaintext),
    decryptAead: async (key, nonce, aad, ciphertext) =>
      orCryptoError(() => crypto.aeadOpen(key, nonce, aad ?? none, ciphertext)),
    exportSecret: async (publicKey, exporterContext, length, info) =>
      orCryptoError(() => crypto.hpkeExportTo(raw(publicKey), info, exporterContext, length)),
    importSecret: async (privateKey, exporterContext, enc, length, info) =>
      orCryptoError(() =>
        crypto.hpkeExportFrom(raw(privateKey), enc, info, exporterContext, length),
      ),
    deriveKeyPair: async (ikm) => pair(crypto.hpkeDeriveKeyPair(ikm)),
    generateKeyPair: async () => pair(crypto.hpkeGenerateKeyPair()),
  };
}

function raw(key: { readonly raw?: Uint8Array }): Uint8Array {
  if (key.raw === undefined) throw new CryptoError("key of another provider");
  return key.raw;
}

function orCryptoError<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new CryptoError(error instanceof Error ? error.message : "failed");
  }
}
