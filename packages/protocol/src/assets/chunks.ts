import { concatBytes, utf8Encode } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { LABEL_PREFIX, LABELS } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import type { AssetEncryption } from "./asset-link.ts";

const TAG_LENGTH = 16;
/** Padding hides the exact length of small files least; below this all look alike. */
const PADDED_MIN = 512;

/** Padded content of one chunk. */
export const CHUNK_CONTENT_BYTES = LIMITS.assetChunkBytes - TAG_LENGTH;

/**
 * FED-1004: what content of a length is padded to with zeros (Padmé, Nikitin et al. 2019): at most
 * 12 % more, and all that a length tells is its order of magnitude. Nothing stays nothing.
 */
export function paddedLength(size: number): number {
  if (size === 0) return 0;
  if (size <= PADDED_MIN) return PADDED_MIN;
  const exponent = Math.floor(Math.log2(size));
  const kept = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - kept);
  return Math.ceil(size / step) * step;
}

/** Chunks of a chunked asset; one at least. */
export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(paddedLength(size) / CHUNK_CONTENT_BYTES));
}

/** The octets at the server of content of a length. */
export function storedLength(size: number, encryption: AssetEncryption): number {
  const tags = encryption === "plain" ? 1 : chunkCount(size);
  return paddedLength(size) + tags * TAG_LENGTH;
}

/** Where a chunk stands: in the padded content, and at the server. */
export function assetChunkRange(
  size: number,
  index: number,
): {
  readonly content: { readonly offset: number; readonly length: number };
  readonly stored: { readonly offset: number; readonly length: number };
  readonly last: boolean;
} {
  const offset = index * CHUNK_CONTENT_BYTES;
  const length = Math.min(CHUNK_CONTENT_BYTES, paddedLength(size) - offset);
  return {
    content: { offset, length },
    stored: { offset: index * LIMITS.assetChunkBytes, length: length + TAG_LENGTH },
    last: index === chunkCount(size) - 1,
  };
}

/**
 * FED-1002: 7 octets of the asset, the chunk's number, and whether it is the last (STREAM, Hoang et
 * al. 2015): a chunk counts only in its place, and the last one only as the last.
 */
export function assetChunkNonce(prefix: Uint8Array, index: number, last: boolean): Bytes {
  const nonce = new Uint8Array(12);
  nonce.set(prefix);
  new DataView(nonce.buffer).setUint32(7, index);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** FED-1002: binds each chunk to what it is for, and to the length of the content. */
export function assetChunkAad(size: number): Bytes {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(size));
  return concatBytes(utf8Encode(LABEL_PREFIX + LABELS.assetChunk), octets);
}
