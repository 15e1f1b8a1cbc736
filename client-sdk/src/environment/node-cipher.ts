import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import type { AssetCipher } from "../assets/index.ts";

const tagLength = 16;

/**
 * With OpenSSL, on the spot: a chunk takes less time than a thread would to begin with it. After each
 * sealed one the event loop has its turn, so that what was sealed before goes on leaving meanwhile.
 */
export const nodeCipher: AssetCipher = {
  async seal({ aad, key, nonce, octets }, into) {
    const cipher = createCipheriv("aes-128-gcm", key, nonce, { authTagLength: tagLength });
    cipher.setAAD(aad);
    into.set(cipher.update(octets));
    cipher.final();
    into.set(cipher.getAuthTag(), octets.length);
    await setImmediate();
  },
  open({ aad, key, nonce, octets }) {
    if (octets.length < tagLength) return undefined;
    const decipher = createDecipheriv("aes-128-gcm", key, nonce, { authTagLength: tagLength });
    decipher.setAAD(aad);
    decipher.setAuthTag(octets.subarray(octets.length - tagLength));
    const content = decipher.update(octets.subarray(0, octets.length - tagLength));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  },
  hasher() {
    const hash = createHash("sha256");
    return {
      update: (octets) => void hash.update(octets),
      soFar: () => new Uint8Array(hash.copy().digest()),
      digest: () => new Uint8Array(hash.digest()),
    };
  },
};
