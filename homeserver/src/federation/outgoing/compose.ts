import { LIMITS } from "@treehouse/protocol";
import type { SignedHead } from "@treehouse/protocol";
import type { FederationContext } from "../context.ts";
import { bringsHead, goneItem, isPointer, itemLength, pendingOf } from "./item.ts";
import type { Pending } from "./item.ts";
import type { PeerStream } from "./stream.ts";

export type BatchBounds = {
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** Heads may come along, and may come alone. */
  readonly heads: "no" | "beside" | "alone";
};

export type Composed = { readonly items: readonly Pending[]; readonly heads: SignedHead[] };

/**
 * The next batch of a stream: what follows the last item that was sent, as much as is there and
 * fits (FED-944), and the heads that are due. Undefined if there is nothing. In place of an entry that
 * is gone stands an item that says so (FED-943), since what follows must not wait or be renumbered.
 */
export async function composeBatch(
  context: FederationContext,
  stream: PeerStream,
  bounds: BatchBounds,
): Promise<Composed | undefined> {
  const items: Pending[] = [];
  let room = bounds.bytesMax;
  const from = stream.sent + 1;
  if (from <= stream.committed && stream.tail.get(from) === undefined) {
    const loaded = await loadItems(context, stream, bounds);
    for (const item of loaded) room -= take(stream, items, item);
    noteGone(context, stream, items);
  }
  room = takeFromTail(stream, items, bounds, room);
  // Heads wait for what waits before them, but not for ever: rooms that are level need theirs.
  const full =
    from + items.length <= stream.committed && !stream.owed.isLate(context.env.monotonic());
  const heads =
    full || bounds.heads === "no" || (items.length === 0 && bounds.heads !== "alone")
      ? []
      : await readHeads(context, stream);
  if (heads.length > 0) {
    // Entries that were added meanwhile ride along, or the heads would run ahead of them.
    takeFromTail(stream, items, bounds, room);
  }
  const upTo = stream.sent + items.length;
  const fitting = heads.filter((head) => stream.owed.fits(head, upTo));
  if (items.length === 0 && fitting.length === 0) return undefined;
  return { items, heads: fitting };
}

function takeFromTail(
  stream: PeerStream,
  items: Pending[],
  { itemsMax }: BatchBounds,
  room: number,
): number {
  let left = room;
  while (items.length < itemsMax) {
    const item = stream.tail.get(stream.sent + items.length + 1);
    if (item === undefined) break;
    if (items.length > 0 && itemLength(item) > left) break;
    left -= take(stream, items, item);
  }
  return left;
}

function take(stream: PeerStream, items: Pending[], item: Pending): number {
  items.push(item);
  // A tombstone stands for an entry that was sent long before.
  if (isPointer(item.form)) stream.owed.sent(item, bringsHead(item));
  return itemLength(item);
}

/** Reads items that memory does not hold, which is so when the peer is far behind. */
async function loadItems(
  { database, store, entries }: FederationContext,
  stream: PeerStream,
  { itemsMax, bytesMax }: BatchBounds,
): Promise<readonly Pending[]> {
  const { sent } = stream;
  return database.read(async (tx) => {
    const range = { peer: stream.id, after: sent, limit: itemsMax, bytesMax };
    const rows = await store.page(tx, range);
    stream.oldestAt = rows[0]?.addedAt;
    const items: Pending[] = [];
    let room = bytesMax;
    for (const row of rows) {
      const { form, room: name, position, sequence, addedAt } = row;
      // What is missing before it was given up.
      while (items.length < itemsMax && sent + items.length + 1 < sequence) {
        items.push(goneItem(sent + items.length + 1, addedAt));
      }
      if (items.length === itemsMax) break;
      const points = isPointer(form) && name !== undefined;
      const entry = points ? await entries.entry(tx, name, position) : undefined;
      const isGone = form === "gone" || (points && entry === undefined);
      const item = isGone ? goneItem(sequence, addedAt) : pendingOf(row, entry);
      room -= itemLength(item);
      if (room < 0 && items.length > 0) break;
      items.push(item);
    }
    return items;
  });
}

/** Counts the items that are given up because nobody has them any more, each once. */
function noteGone({ metrics, env }: FederationContext, stream: PeerStream, items: Pending[]): void {
  const fresh = items.filter(({ form, sequence }) => form === "gone" && sequence > stream.goneTo);
  stream.goneTo = fresh.at(-1)?.sequence ?? stream.goneTo;
  if (fresh.length === 0) return;
  metrics.dropped.add(fresh.length, { reason: "expired" });
  env.log.warn("itemsDropped", { host: stream.domain, count: fresh.length });
}

async function readHeads(
  { hosted, env }: FederationContext,
  { domain, owed }: PeerStream,
): Promise<SignedHead[]> {
  const due = owed.takeDue(env.monotonic(), LIMITS.batchHeadsMax);
  const heads: SignedHead[] = [];
  for (const room of due) {
    const head = await hosted.signedHead(room, domain);
    if (head === undefined) owed.forget(room);
    else heads.push(head);
  }
  return heads;
}
