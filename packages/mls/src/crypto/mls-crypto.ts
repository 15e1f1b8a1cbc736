type Bytes = Uint8Array<ArrayBuffer>;

/** The given number of bytes that nobody can foretell; a seeded source makes every result repeat. */
export type Random = (length: number) => Uint8Array;

export type KeyPair = { readonly privateKey: Bytes; readonly publicKey: Bytes };

export type Signed = {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
};

/**
 * The cryptography of one MLS ciphersuite (RFC 9420 section 17.1), synchronous throughout.
 *
 * Two providers made with the same `random` answer with the same bytes. Whatever fails because of
 * the bytes given (a tag that does not match, a key nobody may use) throws `CryptoFailure`;
 * `verify` never throws. Keys are raw: 32 octets for every key of suite 1.
 */
export interface MlsCrypto {
  readonly suite: 1;
  readonly name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";
  /** Lengths in octets. */
  readonly hashLength: number;
  readonly keyLength: number;
  readonly nonceLength: number;

  random(length: number): Bytes;

  hash(data: Uint8Array): Bytes;
  hmac(key: Uint8Array, data: Uint8Array): Bytes;
  /** Compares in constant time; a tag of another length is never equal. */
  verifyHmac(key: Uint8Array, tag: Uint8Array, data: Uint8Array): boolean;
  hkdfExtract(salt: Uint8Array, ikm: Uint8Array): Bytes;
  /** At most 255 hash lengths (RFC 5869 section 2.3). */
  hkdfExpand(prk: Uint8Array, info: Uint8Array, length: number): Bytes;

  /** The tag, 16 octets, follows the ciphertext. */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes;
  aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Bytes;

  generateSignatureKeyPair(): KeyPair;
  ed25519PublicKey(privateKey: Uint8Array): Bytes;
  sign(privateKey: Uint8Array, message: Uint8Array): Bytes;
  /**
   * Cofactorless, canonical encodings only, no point of small order: the one rule on every
   * platform, or a member could sign what some accept and others refuse.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** What `verify` answers for each, worked out on other threads; absent where there are none. */
  readonly verifyElsewhere?: (series: readonly Signed[]) => Promise<readonly boolean[]>;

  hpkeGenerateKeyPair(): KeyPair;
  /** RFC 9180 section 7.1.3. */
  hpkeDeriveKeyPair(ikm: Uint8Array): KeyPair;
  hpkePublicKey(privateKey: Uint8Array): Bytes;
  /** False for a key of another length and for a point of low order. */
  isHpkePublicKey(publicKey: Uint8Array): boolean;
  hpkeSeal(
    publicKey: Uint8Array,
    info: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ): { readonly enc: Bytes; readonly ciphertext: Bytes };
  hpkeOpen(
    privateKey: Uint8Array,
    enc: Uint8Array,
    info: Uint8Array,
    aad: Uint8Array,
    ciphertext: Uint8Array,
  ): Bytes;
  /** A secret shared with the owner of `publicKey`, who gets it with hpkeExportFrom. */
  hpkeExportTo(
    publicKey: Uint8Array,
    info: Uint8Array,
    exporterContext: Uint8Array,
    length: number,
  ): { readonly enc: Bytes; readonly secret: Bytes };
  hpkeExportFrom(
    privateKey: Uint8Array,
    enc: Uint8Array,
    info: Uint8Array,
    exporterContext: Uint8Array,
    length: number,
  ): Bytes;
}

/** The bytes given cannot be used: wrong key, wrong tag, wrong length, forbidden point. */
export class CryptoFailure extends Error {
  override readonly name = "CryptoFailure";
}
