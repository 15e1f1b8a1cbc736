import {
  type AssetLink,
  type Bytes,
  chunkCount,
  CHUNK_CONTENT_BYTES,
  type Env,
  LIMITS,
  NetworkFault,
  Refusal,
  storedLength,
} from "@treehouse/protocol";

import { SdkError } from "../errors/index.ts";
import type { AssetApi } from "./asset-api.ts";
import type { AssetCipher } from "./cipher.ts";
import { chunksRange, damaged, openChunk, openWhole } from "./decrypt.ts";
import { createPatience, throwIfAborted } from "./patience.ts";

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

/** Failures in a row until a download is given up. */
const triesMax = 12;
const chunksAtOnceMax = LIMITS.assetPartBytesMax / LIMITS.assetChunkBytes;
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
async function fetchWhole(
  context: DownloadContext,
  link: AssetLink,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const parts: Bytes[] = [];
  let length = 0;
  for (let size = 1; length < size;) {
    const answer = await fetchRange(context, link, signal, {
      offset: length,
      length: LIMITS.assetPartBytesMax,
    });
    size = answer.size;
    if (size > LIMITS.assetWholeBytesMax) throw tooLarge(LIMITS.assetWholeBytesMax);
    parts.push(answer.octets);
    length += answer.octets.length;
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function openPlain(
  context: DownloadContext,
  link: AssetLink,
  signal: AbortSignal | undefined,
): OpenAsset {
  let content: Promise<Uint8Array> | undefined;
  const fetched = async (fresh: boolean): Promise<Uint8Array> => {
    const source = fresh ? { ...context, fresh } : context;
    return openWhole(context.cipher, link, await fetchWhole(source, link, signal));
  };
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
  /** Fewer on a line that does not bring as many in time. */
  let atOnce = chunksAtOnceMax;

  async function fetchOnce(
    first: number,
    wanted: number,
    fresh: boolean,
  ): Promise<readonly Uint8Array[]> {
    const range = chunksRange(link, first, wanted);
    const { octets, size: stored } = await fetchRange(
      fresh ? { ...context, fresh } : context,
      link,
      signal,
      range,
    );
    if (stored !== storedLength(size, "chunked")) throw damaged("it has another length");
    if (octets.length !== range.length) throw damaged("a part of it is shorter");
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < octets.length; at += LIMITS.assetChunkBytes) {
      const sealed = octets.subarray(at, at + LIMITS.assetChunkBytes);
      chunks.push(await openChunk(context.cipher, link, first + chunks.length, sealed));
    }
    return chunks;
  }

  /** What is damaged here may be whole where it comes from. */
  async function fetchChunks(first: number, wanted: number): Promise<readonly Uint8Array[]> {
    const number = Math.min(wanted, atOnce, count - first);
    try {
      return await fetchOnce(first, number, false);
    } catch (error) {
      if (isDamaged(error)) return fetchOnce(first, number, true);
      if (!(error instanceof NetworkFault) || error.reason !== "timeout" || number === 1)
        throw error;
      atOnce = Math.max(1, Math.floor(number / 2));
      return fetchChunks(first, wanted);
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

/** One range, tried again while the network or the server is in the way. */
async function fetchRange(
  context: DownloadContext & { readonly fresh?: boolean },
  link: AssetLink,
  signal: AbortSignal | undefined,
  range: { readonly offset: number; readonly length: number },
): Promise<{ readonly octets: Bytes; readonly size: number }> {
  const { api, env, fresh = false } = context;
  const patience = createPatience(env, signal, triesMax);
  for (;;) {
    throwIfAborted(signal);
    try {
      return await api.read(link, { ...range, fresh, signal });
    } catch (error) {
      if (error instanceof Refusal && error.code === "notFound") throw gone(error);
      // Whoever asked for so much at once can ask for less.
      const slow = error instanceof NetworkFault && error.reason === "timeout";
      if (slow && range.length > LIMITS.assetChunkBytes) {
        throwIfAborted(signal);
        throw error;
      }
      await patience.after(error);
    }
  }
}

export function tooLarge(bytesMax: number): SdkError {
  return new SdkError("assetTooLarge", `the file has more than ${bytesMax} octets`, {
    data: { bytesMax },
  });
}

function gone(cause: Refusal): SdkError {
  return new SdkError("assetGone", "the file is not there any more", {
    help: "It has expired or was deleted; ask the sender to send it again.",
    cause,
  });
}

function isDamaged(error: unknown): boolean {
  return error instanceof SdkError && error.code === "assetDamaged";
}
