import {
  type AssetLink,
  type Bytes,
  chunkCount,
  CHUNK_CONTENT_BYTES,
  concatBytes,
  type Env,
  LIMITS,
  storedLength,
} from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";
import type { AssetApi } from "./asset-api.ts";
import type { AssetCipher } from "./cipher.ts";
import { chunksRange, damaged, openChunk, openWhole } from "./decrypt.ts";
import { createFetchRange, type FetchRange, rangeBytesMax } from "./fetch-range.ts";

/** An asset that can be read from anywhere. What is handed out was verified before. */
export interface OpenAsset {
  /** Octets of the content. */
  readonly size: number;
  /** So many octets from there on, fewer at the end. Fetches the chunks that it needs, of 256 KiB. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** From there on to the end, in pieces; the next ones come while one is worked on. */
  stream(options?: { readonly offset?: number | undefined }): AsyncIterable<Uint8Array>;
}

export type DownloadContext = {
  readonly env: Pick<Env, "timer">;
  readonly api: AssetApi;
  readonly cipher: AssetCipher;
};

const chunksAtOnceMax = rangeBytesMax / LIMITS.assetChunkBytes;
/** Chunks of one asset that are kept for reads that follow one another. */
const chunksKept = 8;

export function openAsset(
  context: DownloadContext,
  link: AssetLink,
  signal: AbortSignal | undefined,
): OpenAsset {
  return link.encryption === "plain"
    ? openPlain(context, link, signal)
    : openChunked(context, link, signal);
}

/** All octets of an asset that is encrypted whole. */
async function fetchWhole(fetchRange: FetchRange, fresh: boolean): Promise<Uint8Array> {
  const parts: Bytes[] = [];
  let length = 0;
  for (let size = 1; length < size;) {
    const range = { offset: length, length: rangeBytesMax };
    const answer = await fetchRange(range, fresh);
    size = answer.size;
    if (size > LIMITS.assetWholeBytesMax) throw tooLarge(LIMITS.assetWholeBytesMax);
    parts.push(answer.octets);
    length += answer.octets.length;
  }
  return concatBytes(...parts);
}

function openPlain(
  context: DownloadContext,
  link: AssetLink,
  signal: AbortSignal | undefined,
): OpenAsset {
  let content: Promise<Uint8Array> | undefined;
  const fetchRange = createFetchRange(context, link, signal);
  const fetched = async (fresh: boolean): Promise<Uint8Array> =>
    openWhole(context.cipher, link, await fetchWhole(fetchRange, fresh));
  const all = (): Promise<Uint8Array> =>
    (content ??= fetched(false)
      .catch((error: unknown) => {
        if (!isDamaged(error)) throw error;
        return fetched(true);
      })
      .catch((error: unknown) => {
        content = undefined;
        throw error;
      }));
  return {
    size: link.size,
    read: async (offset, length) => (await all()).slice(offset, offset + length),
    async *stream({ offset = 0 } = {}) {
      yield (await all()).slice(offset);
    },
  };
}

function openChunked(
  context: DownloadContext,
  link: AssetLink,
  signal: AbortSignal | undefined,
): OpenAsset {
  const { size } = link;
  const kept = new Map<number, Uint8Array>();
  const count = chunkCount(size);
  const fetchRange = createFetchRange(context, link, signal);

  async function fetchOnce(
    first: number,
    wanted: number,
    fresh: boolean,
  ): Promise<readonly Uint8Array[]> {
    const range = chunksRange(link, first, Math.min(wanted, count - first));
    const { octets, size: stored } = await fetchRange(range, fresh);
    if (stored !== storedLength(size, "chunked")) throw damaged("it has another length");
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < octets.length; at += LIMITS.assetChunkBytes) {
      const sealed = octets.subarray(at, at + LIMITS.assetChunkBytes);
      chunks.push(await openChunk(context.cipher, link, first + chunks.length, sealed));
    }
    return chunks;
  }

  /** Some chunks from one on. What is damaged here may be whole where it comes from. */
  async function fetchChunks(first: number, wanted: number): Promise<readonly Uint8Array[]> {
    try {
      return await fetchOnce(first, wanted, false);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      return fetchOnce(first, wanted, true);
    }
  }

  function keep(first: number, chunks: readonly Uint8Array[]): void {
    for (const [index, chunk] of chunks.entries()) kept.set(first + index, chunk);
    for (const index of kept.keys()) {
      if (kept.size <= chunksKept) return;
      kept.delete(index);
    }
  }

  return {
    size,
    async read(offset, length) {
      const end = Math.min(size, offset + length);
      const result = new Uint8Array(Math.max(0, end - offset));
      for (let at = offset; at < end;) {
        const index = Math.floor(at / CHUNK_CONTENT_BYTES);
        let chunk = kept.get(index);
        if (chunk === undefined) {
          const last = Math.floor((end - 1) / CHUNK_CONTENT_BYTES);
          const chunks = await fetchChunks(index, Math.min(chunksKept, last - index + 1));
          keep(index, chunks);
          [chunk = new Uint8Array(0)] = chunks;
        }
        const start = index * CHUNK_CONTENT_BYTES;
        const piece = chunk.subarray(at - start, end - start);
        result.set(piece, at - offset);
        at += piece.length;
      }
      return result;
    },
    async *stream({ offset = 0 } = {}) {
      if (offset >= size) return;
      let next = Math.floor(offset / CHUNK_CONTENT_BYTES);
      let skip = offset - next * CHUNK_CONTENT_BYTES;
      const ahead = (): Promise<readonly Uint8Array[]> => {
        const coming = fetchChunks(next, chunksAtOnceMax);
        coming.catch(() => undefined);
        return coming;
      };
      let coming = ahead();
      while (next < count) {
        const chunks = await coming;
        next += chunks.length;
        if (next < count) coming = ahead();
        for (const chunk of chunks) {
          const piece = chunk.subarray(skip);
          skip = 0;
          if (piece.length > 0) yield piece;
        }
      }
    },
  };
}

export function tooLarge(bytesMax: number): SdkError {
  return new SdkError("assetTooLarge", `the file has more than ${bytesMax} octets`, {
    data: { bytesMax },
  });
}

function isDamaged(error: unknown): boolean {
  return error instanceof SdkError && error.code === "assetDamaged";
}
