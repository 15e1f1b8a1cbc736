import { createCipheriv, createDecipheriv } from "node:crypto";
import { BackupRefused } from "./refused.ts";

/**
 * The content in chunks, each sealed with AES-256-GCM under the STREAM construction (Hoang,
 * Reyhanitabar, Rogaway, Vizár 2015): the nonce is zero 7 ‖ number u32 ‖ last u8. A chunk that is
 * altered, moved, dropped, repeated, taken from another backup or missing at the end opens nowhere.
 */
export const chunkBytes = 64 * 1024;
const tagBytes = 16;
export const sealedChunkBytes = chunkBytes + tagBytes;
const chunksMax = 2 ** 32;

/** Octets of the content in so many sealed ones. */
export function openedLength(sealed: number): number {
  return sealed - Math.ceil(sealed / sealedChunkBytes) * tagBytes;
}

export function sealChunk(
  key: Uint8Array,
  number: number,
  last: boolean,
  plaintext: Uint8Array,
): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(number, last));
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

export function openChunk(
  key: Uint8Array,
  number: number,
  last: boolean,
  sealed: Uint8Array,
): Buffer {
  // A last chunk that is empty would give one content two forms.
  if (sealed.length <= tagBytes) throw damaged();
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(number, last));
  const end = sealed.length - tagBytes;
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
  } catch (cause) {
    throw damaged(cause);
  }
}

function nonceOf(number: number, last: boolean): Buffer {
  if (number >= chunksMax) throw new RangeError("the content is too long for one backup");
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(number, 7);
  nonce.writeUInt8(last ? 1 : 0, 11);
  return nonce;
}

export function damaged(cause?: unknown): BackupRefused {
  return new BackupRefused(
    "The backup is damaged or not complete. Nothing of it can be used: take another copy of it, " +
      "or an earlier backup.",
    { code: "damaged", cause },
  );
}
