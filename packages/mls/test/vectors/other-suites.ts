/**
 * Suites 2 to 7 of RFC 9420, for the official vectors only: the product has suite 1. HPKE is
 * written a second time here, with the KEMs and lengths of these suites.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import type { CiphersuiteImpl, CiphersuiteName } from "ts-mls";

import {
  aeads,
  ascii,
  deriveKeyPair,
  expandWith,
  hmacOf,
  join,
  kdfIds,
  kemPublicOf,
  kems,
  labelled,
  none,
  openWith,
  p256,
  p384,
  p521,
  padded,
  sealWith,
  sharedSecret,
  signatureOf,
  two,
} from "./other-primitives.ts";
import type { Hash, Nist, Raw } from "./other-primitives.ts";

type Id = 2 | 3 | 4 | 5 | 6 | 7;
type Signer = Nist | "ed25519" | "ed448";
type Suite = readonly [kem: string, aead: keyof typeof aeads, hash: Hash, signer: Signer];

const suites: Record<Id, Suite> = {
  2: ["p256", "aes128", "sha256", p256],
  3: ["x25519", "chacha", "sha256", "ed25519"],
  4: ["x448", "aes256", "sha512", "ed448"],
  5: ["p521", "aes256", "sha512", p521],
  6: ["x448", "chacha", "sha512", "ed448"],
  7: ["p384", "aes256", "sha384", p384],
};
export function otherSuite(id: Id, name: CiphersuiteName): CiphersuiteImpl {
  const [kemName, aeadName, hash, signer] = suites[id];
  const kem = kems[kemName];
  if (kem === undefined) throw new Error(kemName);
  const aead = aeads[aeadName];
  const seal = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) =>
    sealWith(aead.name, key, nonce, aad, text);
  const open = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) =>
    openWith(aead.name, key, nonce, aad, sealed);
  const hmac = hmacOf(hash);
  const schedule = (shared: Uint8Array, info: Uint8Array) => {
    const suiteId = join(ascii("HPKE"), two(kem.id), two(kdfIds[hash]), two(aead.id));
    const [extract, expand] = labelled(hash, suiteId);
    const context = join(
      Uint8Array.of(0),
      extract(none, "psk_id_hash", none),
      extract(none, "info_hash", info),
    );
    const secret = extract(shared, "secret", none);
    return {
      key: expand(secret, "key", context, aead.keyLength),
      nonce: expand(secret, "base_nonce", context, 12),
      export: (exporterContext: Uint8Array, length: number) =>
        expand(
          expand(secret, "exp", context, hmac(none, none).length),
          "sec",
          exporterContext,
          length,
        ),
    };
  };
  const sender = (publicKey: Uint8Array, info: Uint8Array) => {
    const ephemeral = deriveKeyPair(kem, randomBytes(kem.secretLength));
    const shared = sharedSecret(
      kem,
      ephemeral.privateKey,
      publicKey,
      ephemeral.publicKey,
      publicKey,
    );
    return { enc: ephemeral.publicKey, ...schedule(shared, info) };
  };
  const receiver = (privateKey: Uint8Array, enc: Uint8Array, info: Uint8Array) =>
    schedule(sharedSecret(kem, privateKey, enc, enc, kemPublicOf(kem, privateKey)), info);
  const asKeys = ({ privateKey, publicKey }: Raw) => ({
    privateKey: { type: "private" as const, raw: privateKey },
    publicKey: { type: "public" as const, raw: publicKey },
  });
  const raw = (key: { readonly raw?: Uint8Array }) => key.raw ?? none;

  return {
    name,
    hash: {
      digest: async (data) => Uint8Array.from(createHash(hash).update(data).digest()),
      mac: async (key, data) => hmac(key, data),
      verifyMac: async (key, mac, data) => {
        const computed = hmac(key, data);
        return computed.length === mac.length && timingSafeEqual(computed, mac);
      },
    },
    kdf: {
      size: hmac(none, none).length,
      extract: async (salt, ikm) => hmac(salt, ikm),
      expand: async (prk, info, length) => expandWith(hash, prk, info, length),
    },
    rng: { randomBytes: (length) => Uint8Array.from(randomBytes(length)) },
    signature: signatureOf(signer, hash),
    hpke: {
      keyLength: aead.keyLength,
      nonceLength: 12,
      seal: async (publicKey, text, info, aad = none) => {
        const context = sender(raw(publicKey), info);
        return { enc: context.enc, ct: seal(context.key, context.nonce, aad, text) };
      },
      open: async (privateKey, enc, sealed, info, aad = none) => {
        const context = receiver(raw(privateKey), enc, info);
        return open(context.key, context.nonce, aad, sealed);
      },
      exportSecret: async (publicKey, exporterContext, length, info) => {
        const context = sender(raw(publicKey), info);
        return { enc: context.enc, secret: context.export(exporterContext, length) };
      },
      importSecret: async (privateKey, exporterContext, enc, length, info) =>
        receiver(raw(privateKey), enc, info).export(exporterContext, length),
      importPrivateKey: async (bytes) => ({
        type: "private",
        raw: padded(bytes, kem.secretLength),
      }),
      importPublicKey: async (bytes) => ({ type: "public", raw: bytes }),
      exportPublicKey: async (key) => raw(key),
      exportPrivateKey: async (key) => raw(key),
      encryptAead: async (key, nonce, aad, text) => seal(key, nonce, aad ?? none, text),
      decryptAead: async (key, nonce, aad, sealed) => open(key, nonce, aad ?? none, sealed),
      deriveKeyPair: async (ikm) => asKeys(deriveKeyPair(kem, ikm)),
      generateKeyPair: async () => asKeys(deriveKeyPair(kem, randomBytes(kem.secretLength))),
    },
  };
}
