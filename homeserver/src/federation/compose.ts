import type { SignedHead } from "@treehouse/protocol";
import type { FederationContext } from "./context.ts";
import { bringsHead, isPointer, itemLength, pendingOf } from "./item.ts";
import type { Pending } from "./item.ts";
import type { PeerStream } from "./stream.ts";

export type BatchBounds = {
  readonly itemsMax: number;
  readonly bytesMax: number;
  /** Heads may come along, and may come alone. */
  readonly heads: "no" | "beside" | "alone";
};

export type Composed =
  | { readonly kind: "batch"; readonly items: readonly Pending[]; readonly heads: SignedHead[] }
  /** The next items, up to this one, point to entries that are gone. */
  | { readonly kind: "expired"; readonly upTo: number };

/** Heads of one batch: reading one means signing it. */
const headsMax = 64;

/**
 * The next batch of a stream: what follows the last item that was sent, as much as is there and
 * fits (FED-944), and the heads that are due. Undefined if there is nothing.
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
    if (loaded.kind === "expired") return loaded;
    for (const item of loaded.items) room -= take(stream, items, item);
  }
  room = takeFromTail(stream, items, bounds, room);
  const full = from + items.length <= stream.committed;
  const heads =
    full || bounds.heads === "no" || (items.length === 0 && bounds.heads !== "alone")
      ? []
      : await readHeads(context, stream);
  if (heads.length > 0) {
    // Entries that were added meanwhile ride along, or the heads would run ahead of them.
    takeFromTail(stream, items, bounds, room);
  }
  const fitting = heads.filter((head) => stream.owed.fits(head));
  if (items.length === 0 && fitting.length === 0) return undefined;
  return { kind: "batch", items, heads: fitting };
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
): Promise<{ kind: "items"; items: readonly Pending[] } | { kind: "expired"; upTo: number }> {
  return database.read(async (tx) => {
    const range = { peer: stream.id, after: stream.sent, limit: itemsMax, bytesMax };
    const rows = await store.page(tx, range);
    stream.oldestAt = rows[0]?.addedAt;
    const items: Pending[] = [];
    let expiredTo = 0;
    let room = bytesMax;
    for (const row of rows) {
      const { form, room: name, position, sequence } = row;
      const points = isPointer(form) && name !== undefined;
      const entry = points ? await entries.entry(tx, name, position) : undefined;
      if (points && entry === undefined) {
        if (items.length > 0) break;
        expiredTo = sequence;
        continue;
      }
      if (expiredTo > 0) break;
      const item = pendingOf(row, entry);
      room -= itemLength(item);
      if (room < 0 && items.length > 0) break;
      items.push(item);
    }
    return expiredTo > 0 ? { kind: "expired", upTo: expiredTo } : { kind: "items", items };
  });
}

async function readHeads(
  { hosted, env }: FederationContext,
  { owed }: PeerStream,
): Promise<SignedHead[]> {
  const due = owed.takeDue(env.monotonic(), headsMax);
  const heads: SignedHead[] = [];
  for (const room of due) {
    const head = await hosted.signedHead(room);
    if (head === undefined) owed.forget(room);
    else heads.push(head);
  }
  return heads;
}
