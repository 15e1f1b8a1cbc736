/** Primitives of suites 2 to 7 over node:crypto, for the official vectors only. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
} from "node:crypto";
import type { CipherGCMTypes, JsonWebKey, KeyObject } from "node:crypto";

import type { CiphersuiteImpl } from "ts-mls";

export type Hash = "sha256" | "sha384" | "sha512";
export type Nist = {
  readonly ecdh: string;
  readonly jwk: string;
  readonly order: bigint;
  readonly mask: number;
};
export type Raw = { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array };
type Kem = {
  readonly id: number;
  readonly hash: Hash;
  readonly secretLength: number;
  readonly curve: Nist | "x25519" | "x448";
};

export const p256: Nist = {
  ecdh: "prime256v1",
  jwk: "P-256",
  order: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  mask: 0xff,
};
export const p384: Nist = {
  ecdh: "secp384r1",
  jwk: "P-384",
  order: BigInt(
    "0xffffffffffffffffffffffffffffffffffffffffffffffff" +
      "c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
  ),
  mask: 0xff,
};
export const p521: Nist = {
  ecdh: "secp521r1",
  jwk: "P-521",
  order: BigInt(
    "0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa" +
      "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
  ),
  mask: 0x01,
};
export const kems: Record<string, Kem> = {
  p256: { id: 0x10, hash: "sha256", secretLength: 32, curve: p256 },
  p384: { id: 0x11, hash: "sha384", secretLength: 48, curve: p384 },
  p521: { id: 0x12, hash: "sha512", secretLength: 66, curve: p521 },
  x25519: { id: 0x20, hash: "sha256", secretLength: 32, curve: "x25519" },
  x448: { id: 0x21, hash: "sha512", secretLength: 56, curve: "x448" },
};
export const aeads = {
  aes128: { id: 1, name: "aes-128-gcm", keyLength: 16 },
  aes256: { id: 2, name: "aes-256-gcm", keyLength: 32 },
  chacha: { id: 3, name: "chacha20-poly1305", keyLength: 32 },
} as const;
export const kdfIds = { sha256: 1, sha384: 2, sha512: 3 };
const derPrefixes = {
  ed25519: ["302e020100300506032b657004220420", "302a300506032b6570032100"],
  ed448: ["3047020100300506032b6571043b0439", "3043300506032b6571033a00"],
  x25519: ["302e020100300506032b656e04220420", "302a300506032b656e032100"],
  x448: ["3046020100300506032b656f043a0438", "3042300506032b656f033900"],
} as const;

export const none = new Uint8Array();
export const join = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
export const ascii = (text: string) => new TextEncoder().encode(text);
export const two = (n: number) => Uint8Array.of(n >> 8, n & 0xff);

function edwardsPrivate(curve: keyof typeof derPrefixes, raw: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(derPrefixes[curve][0], "hex"), raw]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
function edwardsPublic(curve: keyof typeof derPrefixes, raw: Uint8Array): KeyObject {
  const key = Buffer.concat([Buffer.from(derPrefixes[curve][1], "hex"), raw]);
  return createPublicKey({ key, format: "der", type: "spki" });
}
function edwardsPublicOf(curve: keyof typeof derPrefixes, raw: Uint8Array): Uint8Array {
  const der = createPublicKey(edwardsPrivate(curve, raw)).export({ format: "der", type: "spki" });
  return Uint8Array.from(der.subarray(derPrefixes[curve][1].length / 2));
}
function nistPublicOf(curve: Nist, raw: Uint8Array): Uint8Array {
  const ecdh = createECDH(curve.ecdh);
  ecdh.setPrivateKey(raw);
  return Uint8Array.from(ecdh.getPublicKey());
}
function nistKey(curve: Nist, publicKey: Uint8Array, privateKey?: Uint8Array): JsonWebKey {
  const size = (publicKey.length - 1) / 2;
  const part = (b: Uint8Array) => Buffer.from(b).toString("base64url");
  const jwk = {
    kty: "EC",
    crv: curve.jwk,
    x: part(publicKey.subarray(1, 1 + size)),
    y: part(publicKey.subarray(1 + size)),
  };
  return privateKey === undefined ? jwk : { ...jwk, d: part(padded(privateKey, size)) };
}
export function padded(raw: Uint8Array, size: number): Uint8Array {
  return join(new Uint8Array(size - raw.length), raw);
}

export function signatureOf(
  signer: Nist | "ed25519" | "ed448",
  hash: Hash,
): CiphersuiteImpl["signature"] {
  const keygen = () => Promise.reject(new Error("not needed by any vector"));
  if (typeof signer === "string") {
    return {
      keygen,
      sign: async (key, message) =>
        Uint8Array.from(sign(null, message, edwardsPrivate(signer, key))),
      verify: async (key, message, signature) =>
        verify(null, message, edwardsPublic(signer, key), signature),
    };
  }
  return {
    keygen,
    sign: async (key, message) => {
      const jwk = nistKey(signer, nistPublicOf(signer, key), key);
      return Uint8Array.from(sign(hash, message, createPrivateKey({ key: jwk, format: "jwk" })));
    },
    verify: async (key, message, signature) => {
      const publicKey = createPublicKey({ key: nistKey(signer, key), format: "jwk" });
      return verify(hash, message, publicKey, signature);
    },
  };
}

export function kemPublicOf(kem: Kem, privateKey: Uint8Array): Uint8Array {
  return typeof kem.curve === "string"
    ? edwardsPublicOf(kem.curve, privateKey)
    : nistPublicOf(kem.curve, privateKey);
}

export function sharedSecret(
  kem: Kem,
  privateKey: Uint8Array,
  publicKey: Uint8Array,
  enc: Uint8Array,
  receiverKey: Uint8Array,
): Uint8Array {
  const [extract, expand] = labelled(kem.hash, join(ascii("KEM"), two(kem.id)));
  const prk = extract(none, "eae_prk", agree(kem, privateKey, publicKey));
  const length = hmacOf(kem.hash)(none, none).length;
  return expand(prk, "shared_secret", join(enc, receiverKey), length);
}

function agree({ curve }: Kem, privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (typeof curve === "string") {
    return diffieHellman({
      privateKey: edwardsPrivate(curve, privateKey),
      publicKey: edwardsPublic(curve, publicKey),
    });
  }
  const ecdh = createECDH(curve.ecdh);
  ecdh.setPrivateKey(privateKey);
  return ecdh.computeSecret(publicKey);
}

export function deriveKeyPair(kem: Kem, ikm: Uint8Array): Raw {
  const [extract, expand] = labelled(kem.hash, join(ascii("KEM"), two(kem.id)));
  const prk = extract(none, "dkp_prk", ikm);
  if (typeof kem.curve === "string") {
    const privateKey = expand(prk, "sk", none, kem.secretLength);
    return { privateKey, publicKey: edwardsPublicOf(kem.curve, privateKey) };
  }
  for (let counter = 0; counter < 256; counter += 1) {
    const privateKey = expand(prk, "candidate", Uint8Array.of(counter), kem.secretLength);
    privateKey[0] = (privateKey[0] ?? 0) & kem.curve.mask;
    const scalar = BigInt(`0x${Buffer.from(privateKey).toString("hex")}`);
    if (scalar === 0n || scalar >= kem.curve.order) continue;
    return { privateKey, publicKey: nistPublicOf(kem.curve, privateKey) };
  }
  throw new Error("no key pair");
}

type Extract = (salt: Uint8Array, label: string, ikm: Uint8Array) => Uint8Array;
type Expand = (prk: Uint8Array, label: string, info: Uint8Array, length: number) => Uint8Array;

export function labelled(hash: Hash, suiteId: Uint8Array): readonly [Extract, Expand] {
  const version = ascii("HPKE-v1");
  return [
    (salt, label, ikm) => hmacOf(hash)(salt, join(version, suiteId, ascii(label), ikm)),
    (prk, label, info, length) =>
      expandWith(hash, prk, join(two(length), version, suiteId, ascii(label), info), length),
  ];
}

export function hmacOf(hash: Hash): (key: Uint8Array, data: Uint8Array) => Uint8Array {
  return (key, data) => Uint8Array.from(createHmac(hash, key).update(data).digest());
}

export function expandWith(
  hash: Hash,
  prk: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  let [okm, block] = [none, none];
  for (let n = 1; okm.length < length; n += 1) {
    block = Uint8Array.from(hmacOf(hash)(prk, join(block, info, Uint8Array.of(n))));
    okm = join(okm, block);
  }
  return okm.slice(0, length);
}

type AeadName = (typeof aeads)[keyof typeof aeads]["name"];

export function sealWith(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
) {
  const cipher =
    name === "chacha20-poly1305"
      ? createCipheriv(name, key, nonce, { authTagLength: 16 })
      : createCipheriv(gcm(name), key, nonce);
  cipher.setAAD(aad, { plaintextLength: text.length });
  return join(cipher.update(text), cipher.final(), cipher.getAuthTag());
}

export function openWith(
  name: AeadName,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
) {
  const decipher =
    name === "chacha20-poly1305"
      ? createDecipheriv(name, key, nonce, { authTagLength: 16 })
      : createDecipheriv(gcm(name), key, nonce);
  const end = sealed.length - 16;
  decipher.setAAD(aad, { plaintextLength: end });
  decipher.setAuthTag(sealed.subarray(end));
  return join(decipher.update(sealed.subarray(0, end)), decipher.final());
}

function gcm(name: CipherGCMTypes): CipherGCMTypes {
  return name;
}
