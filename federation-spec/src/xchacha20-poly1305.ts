import { createCipheriv } from "node:crypto";
import type { Bytes } from "@treehouse/protocol";
import { concatBytes, utf8Encode } from "@treehouse/protocol";

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the platform's ChaCha20-Poly1305 under the
 * subkey that HChaCha20 gives for the nonce's first 16 octets.
 */
export function sealXChaCha20(input: {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly plain: Uint8Array;
}): Bytes {
  const { key, nonce, aad, plain } = input;
  const subkey = hChaCha20(key, nonce.subarray(0, 16));
  const short = concatBytes(new Uint8Array(4), nonce.subarray(16));
  const cipher = createCipheriv("chacha20-poly1305", subkey, short, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: plain.length });
  const sealed = cipher.update(plain);
  cipher.final();
  return concatBytes(sealed, cipher.getAuthTag());
}

/** The quarter rounds of one double round: columns, then diagonals (RFC 8439 §2.3). */
const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function hChaCha20(key: Uint8Array, nonce: Uint8Array): Bytes {
  const start = concatBytes(utf8Encode("expand 32-byte k"), key, nonce);
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  const state = Uint32Array.from({ length: 16 }, (_, at) => view.getUint32(4 * at, true));
  const step = (to: number, from: number, mixed: number, bits: number) => {
    state[to] = word(state, to) + word(state, from);
    const value = word(state, mixed) ^ word(state, to);
    state[mixed] = (value << bits) | (value >>> (32 - bits));
  };
  for (let round = 0; round < 10; round += 1) {
    for (const [a, b, c, d] of quarters) {
      step(a, b, d, 16);
      step(c, d, b, 12);
      step(a, b, d, 8);
      step(c, d, b, 7);
    }
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let at = 0; at < 4; at += 1) {
    out.setUint32(4 * at, word(state, at), true);
    out.setUint32(16 + 4 * at, word(state, 12 + at), true);
  }
  return new Uint8Array(out.buffer);
}

function word(state: Uint32Array, at: number): number {
  return state[at] ?? 0;
}
