import { LIMITS } from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

export type LogRange = {
  /** Entries after this position. */
  readonly after: number;
  /** Inclusive; the head if not given. */
  readonly upTo?: number;
  /** At most `LIMITS.pageEntriesMax`. */
  readonly entriesMax?: number;
  /** Leaves messages out. */
  readonly handshakesOnly?: boolean;
};

/** A stretch of a room's log as another server reads it: no subscription is asked for. */
export type LogPage = {
  /** Ascending; positions that are missing have expired. */
  readonly entries: readonly { readonly position: number; readonly bytes: Bytes }[];
  /** The position of the newest entry; 0 for a room without a log. */
  readonly head: number;
  /** No ordinary entry at or before this position is left. */
  readonly prunedTo: number;
};

/** Reads entries of a room in one page of at most `LIMITS.pageBytesMax`, but at least one. */
export async function readLog(
  { store }: QueuingContext,
  tx: ReadTx,
  room: RoomUri,
  range: LogRange,
): Promise<LogPage> {
  const { after, upTo = Number.MAX_SAFE_INTEGER, handshakesOnly = false } = range;
  const stream = await store.findStream(tx, room);
  if (stream === undefined) return { entries: [], head: 0, prunedTo: 0 };
  const { head, prunedTo } = stream;
  const page = await store.page(tx, {
    stream: stream.id,
    after,
    upTo: Math.min(upTo, head),
    entriesMax: Math.min(range.entriesMax ?? LIMITS.pageEntriesMax, LIMITS.pageEntriesMax),
    bytesMax: LIMITS.pageBytesMax,
    handshakesOnly,
  });
  const entries = page.map(({ position, bytes }) => ({ position, bytes: new Uint8Array(bytes) }));
  return { entries, head, prunedTo };
}
