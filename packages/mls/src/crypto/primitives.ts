type Bytes = Uint8Array<ArrayBuffer>;

/**
 * What a platform contributes; everything else is built on it once, so that all platforms agree.
 * Lengths of keys, nonces and signatures were checked by the caller, and so were points of low
 * order and the shape of signatures.
 */
export interface Primitives {
  readonly sha256: (data: Uint8Array) => Bytes;
  readonly hmacSha256: (key: Uint8Array, data: Uint8Array) => Bytes;
  /** Ciphertext followed by the tag of 16 octets. */
  readonly aes128GcmSeal: (
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
  ) => Bytes;
  /** Throws anything if the tag does not match. `sealed` has at least the tag. */
  readonly aes128GcmOpen: (
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ) => Bytes;
  readonly x25519PublicKey: (privateKey: Uint8Array) => Bytes;
  readonly x25519: (privateKey: Uint8Array, publicKey: Uint8Array) => Bytes;
  readonly ed25519PublicKey: (privateKey: Uint8Array) => Bytes;
  readonly ed25519Sign: (privateKey: Uint8Array, message: Uint8Array) => Bytes;
  /** The cofactorless equation with canonical encodings; may throw for what is no point. */
  readonly ed25519Verify: (
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
  ) => boolean;
}
