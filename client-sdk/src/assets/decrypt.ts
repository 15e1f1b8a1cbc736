import {
  assetChunkAad,
  assetChunkNonce,
  assetChunkRange,
  type AssetLink,
  chunkCount,
  equalBytes,
  LIMITS,
} from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";
import type { AssetCipher } from "./cipher.ts";

/** What has come is not what the link says; nothing of it was handed out. */
export function damaged(what: string): SdkError {
  return new SdkError("assetDamaged", `the file is not what was sent: ${what}`, {
    help: "Ask the sender to send it again.",
  });
}

/** The content of an asset that is encrypted whole. Throws `assetDamaged`. */
export async function openWhole(
  cipher: AssetCipher,
  { hash, key, nonce, size }: AssetLink,
  octets: Uint8Array,
): Promise<Uint8Array> {
  const hasher = cipher.hasher();
  hasher.update(octets);
  if (!equalBytes(hasher.digest(), hash)) throw damaged("it has another hash");
  const padded = await cipher.open({ key, nonce, aad: new Uint8Array(0), octets });
  if (padded === undefined) throw damaged("it does not open");
  // MIMI's 0 for "not told" is also what an empty content has, and then there is nothing to cut.
  if (size === 0) return padded;
  if (padded.length < size) throw damaged("it is shorter");
  return padded.subarray(0, size);
}

/** One chunk of a chunked asset, without its padding. Throws `assetDamaged`. */
export async function openChunk(
  cipher: AssetCipher,
  { key, nonce, size }: AssetLink,
  index: number,
  octets: Uint8Array,
): Promise<Uint8Array> {
  const { content, last } = assetChunkRange(size, index);
  const padded = await cipher.open({
    key,
    nonce: assetChunkNonce(nonce, index, last),
    aad: assetChunkAad(size),
    octets,
  });
  if (padded === undefined) throw damaged("a part of it does not open");
  return padded.subarray(0, Math.max(0, Math.min(content.length, size - content.offset)));
}

/** Where so many chunks from one on stand in the encrypted octets. */
export function chunksRange(
  { size }: AssetLink,
  first: number,
  count: number,
): { readonly offset: number; readonly length: number } {
  const end = Math.min(chunkCount(size), first + count) - 1;
  const { stored } = assetChunkRange(size, end);
  const offset = first * LIMITS.assetChunkBytes;
  return { offset, length: stored.offset + stored.length - offset };
}
