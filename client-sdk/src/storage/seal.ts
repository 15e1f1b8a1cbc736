import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  type Bytes,
  concatBytes,
  labelledHash,
  LABELS,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";

/** Seals and opens the columns that hold secrets. */
export interface Seal {
  /** `place` names table, key and column, so that a sealed value cannot be moved to another row. */
  seal(place: string, value: Uint8Array): Bytes;
  /** Throws `StoreFault` when the value was not sealed for this place under this key. */
  open(place: string, sealed: Uint8Array): Bytes;
  /** Stands for a value in an index: equal for equal values, and says nothing without the key. */
  mark(place: string, value: string): string;
}

export type CreateSeal = (key: Uint8Array, random: (length: number) => Bytes) => Seal;

/**
 * The store cannot be used: wrong key, damaged content, held by another process, closed, or where it may
 * not be written. With `storeFull` nothing was written, and the same may succeed once there is room on the
 * disk.
 */
export class StoreFault extends Error {
  override readonly name = "StoreFault";
  readonly code: StoreFaultCode;

  constructor(code: StoreFault["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type StoreFaultCode =
  | "storeKeyWrong"
  | "storeKeyMissing"
  | "storeUnwritable"
  | "storeDamaged"
  | "storeInUse"
  | "storeTooNew"
  | "storeFull"
  | "closed";

const nonceLength = 24;
const markLength = 16;

/** XChaCha20-Poly1305 with a random nonce before the ciphertext; `key` is 32 octets. */
export const createSeal: CreateSeal = (key, random) => {
  return {
    mark(place, value) {
      const named = utf8Encode(JSON.stringify([place, value]));
      return toHex(labelledHash(LABELS.storeMark, concatBytes(key, named)).subarray(0, markLength));
    },
    seal(place, value) {
      const nonce = random(nonceLength);
      const cipher = xchacha20poly1305(key, nonce, utf8Encode(place));
      return concatBytes(nonce, cipher.encrypt(value));
    },
    open(place, sealed) {
      const nonce = sealed.subarray(0, nonceLength);
      try {
        const cipher = xchacha20poly1305(key, nonce, utf8Encode(place));
        return new Uint8Array(cipher.decrypt(sealed.subarray(nonceLength)));
      } catch (cause) {
        throw new StoreFault("storeDamaged", `a sealed value of ${place} does not open`, { cause });
      }
    },
  };
};
