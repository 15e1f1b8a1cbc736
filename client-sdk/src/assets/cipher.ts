import { sha256 } from "@noble/hashes/sha2.js";
import type { Bytes } from "@treehouse/protocol";

/**
 * The cryptography of large contents as a platform has it: AES-128-GCM and SHA-256 at the speed of
 * the machine, the tag of 16 octets behind the ciphertext.
 */
export interface AssetCipher {
  /** Into octets that have just room for it and the tag. */
  seal(chunk: Chunk, into: Uint8Array): Promise<void> | void;
  /** Undefined when the tag does not match. */
  open(chunk: Chunk): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  hasher(): Hasher;
}

export type Chunk = {
  readonly key: Bytes;
  readonly nonce: Bytes;
  readonly aad: Bytes;
  readonly octets: Uint8Array;
};

/** SHA-256 of what comes bit by bit. */
export interface Hasher {
  update(octets: Uint8Array): void;
  /** Of what has come until now; more may come after it. */
  soFar(): Bytes;
  digest(): Bytes;
}

/** What every browser has, in a secure context; it works in Node too. */
export const webCipher: AssetCipher = {
  async seal({ aad, key, nonce, octets }, into) {
    const usable = await imported(key, "encrypt");
    const parameters = { name: "AES-GCM", iv: nonce, additionalData: aad };
    into.set(new Uint8Array(await crypto.subtle.encrypt(parameters, usable, copied(octets))));
  },
  async open({ aad, key, nonce, octets }) {
    const usable = await imported(key, "decrypt");
    const parameters = { name: "AES-GCM", iv: nonce, additionalData: aad };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, usable, copied(octets)));
    } catch (error) {
      if (error instanceof DOMException && error.name === "OperationError") return undefined;
      throw error;
    }
  },
  // WebCrypto hashes only what is there whole.
  hasher() {
    const hash = sha256.create();
    return {
      update: (octets) => void hash.update(octets),
      soFar: () => new Uint8Array(hash.clone().digest()),
      digest: () => new Uint8Array(hash.digest()),
    };
  },
};

function imported(key: Bytes, usage: "encrypt" | "decrypt") {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
}

/** WebCrypto takes no view of shared memory, and the types know no other way to say so. */
function copied(octets: Uint8Array): Bytes {
  return octets.buffer instanceof ArrayBuffer
    ? new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength)
    : new Uint8Array(octets);
}
