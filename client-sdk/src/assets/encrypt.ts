import {
  assetChunkAad,
  assetChunkNonce,
  assetChunkRange,
  type AssetEncryption,
  type Bytes,
  chunkCount,
  LIMITS,
  paddedLength,
  storedLength,
} from "@treehouse/protocol";

import type { AssetCipher } from "./cipher.ts";
import type { OpenSource } from "./source.ts";

export type AssetKey = {
  readonly encryption: AssetEncryption;
  readonly size: number;
  readonly key: Bytes;
  readonly nonce: Bytes;
};

/** A new key, which encrypts this content and never any other. */
export function newAssetKey(size: number, random: (length: number) => Bytes): AssetKey {
  const encryption = size <= LIMITS.assetPlainBytesMax ? "plain" : "chunked";
  const nonce = random(encryption === "plain" ? 12 : 7);
  return { encryption, size, key: random(16), nonce };
}

const chunksPerPart = LIMITS.assetPartBytesMax / LIMITS.assetChunkBytes;

/** Parts in which the encrypted octets go to the server. */
export function partCount({ encryption, size }: AssetKey): number {
  return encryption === "plain" ? 1 : Math.ceil(chunkCount(size) / chunksPerPart);
}

/** Where a part stands in the encrypted octets. */
export function partRange(
  { encryption, size }: AssetKey,
  index: number,
): { readonly offset: number; readonly length: number } {
  const offset = index * LIMITS.assetPartBytesMax;
  return {
    offset,
    length: Math.min(LIMITS.assetPartBytesMax, storedLength(size, encryption) - offset),
  };
}

/** Encrypts one part of the source into `part`, which has its length; the same each time. */
export async function sealPart(
  cipher: AssetCipher,
  asset: AssetKey,
  source: OpenSource,
  index: number,
  part: Uint8Array,
): Promise<void> {
  const { encryption, key, nonce, size } = asset;
  if (encryption === "plain") {
    const octets = await paddedRead(source, { offset: 0, length: paddedLength(size) });
    await cipher.seal({ key, nonce, aad: new Uint8Array(0), octets }, part);
    return;
  }
  const aad = assetChunkAad(size);
  const first = index * chunksPerPart;
  const end = Math.min(chunkCount(size), first + chunksPerPart);
  for (let chunk = first; chunk < end; chunk += 1) {
    const { content, last, stored } = assetChunkRange(size, chunk);
    const octets = await paddedRead(source, content);
    const at = (chunk - first) * LIMITS.assetChunkBytes;
    const into = part.subarray(at, at + stored.length);
    await cipher.seal({ key, nonce: assetChunkNonce(nonce, chunk, last), aad, octets }, into);
  }
}

/** A range of the content with zeros behind its end. */
async function paddedRead(
  source: OpenSource,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const there = Math.max(0, Math.min(length, source.size - offset));
  const octets = await source.read(offset, there);
  if (there === length) return octets;
  const padded = new Uint8Array(length);
  padded.set(octets);
  return padded;
}
