import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  type Bytes,
  concatBytes,
  HISTORY_LIMITS,
  type HistoryPlace,
  historyPlace,
  pad,
  Refusal,
  unpad,
} from "@treehouse/protocol";

const nonceLength = 24;
const tagLength = 16;

/** What sealing adds to a padded content. */
export const sealedOverhead = nonceLength + tagLength;

/**
 * FED-1063: a piece of history, padded and then sealed with XChaCha20-Poly1305 under a key that is for
 * nothing else. It opens at its own place alone, so that no server can put it in another one's.
 */
export function sealPiece(
  random: (length: number) => Bytes,
  key: Uint8Array,
  place: HistoryPlace,
  content: Uint8Array,
): Bytes {
  const nonce = random(nonceLength);
  const padded = pad(content);
  return concatBytes(nonce, xchacha20poly1305(key, nonce, historyPlace(place)).encrypt(padded));
}

/** Refuses `invalidMessage` for what was not sealed for this place under this key. */
export function openPiece(key: Uint8Array, place: HistoryPlace, sealed: Uint8Array): Bytes {
  if (sealed.length > HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead) {
    throw new Refusal("tooLarge", "a piece of history that is too long", {
      limitName: "historySegmentBytesMax",
      limit: HISTORY_LIMITS.historySegmentBytesMax,
    });
  }
  const nonce = sealed.subarray(0, nonceLength);
  let padded: Uint8Array;
  try {
    const cipher = xchacha20poly1305(key, nonce, historyPlace(place));
    padded = cipher.decrypt(sealed.subarray(nonceLength));
  } catch {
    throw new Refusal("invalidMessage", "a piece of history does not open at this place");
  }
  return unpad(padded);
}
