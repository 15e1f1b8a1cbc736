import type { Bytes } from "../bytes/index.ts";
import { opaque, struct, u64, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { incarnationCodec } from "../delivery/index.ts";
import { streamUriCodec } from "../identifiers/index.ts";
import type { StreamUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** Consecutive entries of one stream, for clients without a socket. */
export type EntriesPage = {
  readonly incarnation: Bytes;
  readonly stream: StreamUri;
  /** Octets of Entry (room stream) or InboxEntry (inbox), ascending by position. */
  readonly entries: readonly Bytes[];
  /** Last position that the client may read; the one it asked from if there is nothing beyond. */
  readonly head: number;
  /** First position after the one asked from that can be read; head + 1 if none can. */
  readonly oldest: number;
};

export const entriesPageCodec: Codec<EntriesPage> = struct<EntriesPage>({
  incarnation: incarnationCodec,
  stream: streamUriCodec,
  entries: vector(opaque({ max: LIMITS.entryBytesMax, min: 1 }), {
    countMax: LIMITS.pageEntriesMax,
    bytesMax: LIMITS.pageBytesMax + LIMITS.entryBytesMax,
  }),
  head: u64,
  oldest: u64,
});
