import type { Bytes } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { ClientQueue } from "./client-queue.ts";
import type { QueuingContext } from "./context.ts";
import type { Jump, StoredEntry } from "./store.ts";
import type { Stream } from "./stream-cache.ts";

/** Positions that were given and cannot be read any more. */
export type Gap = {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
  readonly reason: GapReason;
  /** With `restored`, in a room: the encoded `SignedHead` of the term that began there. */
  readonly head?: Bytes;
};

/**
 * `expired`: kept as long as promised. `overflow`: unread, and more than a reader may leave.
 * `restored`: whatever stood there, the room's hub or this server has gone back to before it.
 * `lost`: should be there and is not.
 */
export type GapReason = "expired" | "overflow" | "restored" | "lost";

export type PageItem =
  | ({ readonly kind: "entry" } & StoredEntry)
  | ({ readonly kind: "gap" } & Gap);

/** A stretch of a stream without a hole: what is not an entry is a gap. */
export type Page = {
  readonly items: readonly PageItem[];
  /** A reader with this page has everything up to here. */
  readonly through: number;
};

export type PageLimits = { readonly entriesMax?: number; readonly bytesMax?: number };

/**
 * The next page of a stream for a client that has everything up to `from`, or up to its cursor.
 * It holds nothing that the client may not read; an empty page says that there is nothing now.
 */
export async function readStream(
  { store, env, limits: bounds }: QueuingContext,
  tx: ReadTx,
  reader: { readonly queue: ClientQueue; readonly stream: Stream; readonly from?: number },
  limits: PageLimits = {},
): Promise<Page> {
  const { queue, stream, from } = reader;
  const { state, after, upTo } = queue.standing(stream, from);
  if (state !== "behind") return { items: [], through: after };
  const entries = await store.page(tx, {
    stream: stream.id,
    after,
    upTo,
    entriesMax: Math.min(limits.entriesMax ?? bounds.pageEntriesMax, bounds.pageEntriesMax),
    bytesMax: Math.min(limits.bytesMax ?? bounds.pageBytesMax, bounds.pageBytesMax),
  });
  const items: PageItem[] = [];
  let through = after;
  const skip = async (to: number): Promise<void> => {
    if (to <= through) return;
    const jumps = await store.jumpsWithin(tx, stream.id, through + 1, to);
    for (const gap of gapsBetween(stream, through + 1, to, jumps)) {
      if (gap.reason === "lost") env.log.error("entriesLost", { from: gap.from, to: gap.to });
      items.push({ kind: "gap", ...gap });
    }
  };
  for (const { position, bytes } of entries) {
    await skip(position - 1);
    items.push({ kind: "entry", position, bytes });
    through = position;
  }
  if (entries.length === 0) {
    await skip(upTo);
    through = upTo;
  }
  return { items, through };
}

/**
 * What a hole consists of. A restore is told in its full length, also to a reader who stands within
 * it: which positions this server has forgotten, it learns from nothing else.
 */
function gapsBetween(
  stream: Stream,
  from: number,
  to: number,
  jumps: readonly Jump[],
): readonly Gap[] {
  const gaps: Gap[] = [];
  let next = from;
  for (const jump of jumps) {
    if (next < jump.from) gaps.push(gapBetween(stream, next, jump.from - 1));
    const head = jump.head === undefined ? {} : { head: jump.head };
    gaps.push({ from: jump.from, to: jump.to, reason: "restored", ...head });
    next = jump.to + 1;
  }
  if (next <= to) gaps.push(gapBetween(stream, next, to));
  return gaps;
}

function gapBetween(stream: Stream, from: number, to: number): Gap {
  if (to > stream.prunedTo) return { from, to, reason: "lost" };
  return { from, to, reason: from <= stream.overflowedTo ? "overflow" : "expired" };
}
