import { isRoomStream, paths, Refusal, subscriptionsAnswerSchema } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { supersede } from "../entering/index.ts";
import { type GroupsContext, firstWelcome } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { closeRoom, pump } from "../pump/index.ts";

const pending = "compare rooms";
/** Which of the two is the older one. */
const byServer = 1;
const byStore = 2;

/**
 * The own server was put back from a backup: what it offers is to be compared with what this store
 * knows. Noted durably, before anything else of the server's new life is remembered.
 */
export async function noteRestored(context: GroupsContext): Promise<void> {
  await context.store.transaction((tx) => tx.settings.put(pending, new Uint8Array([byServer])));
}

/** This store was put back: its client may have come into rooms since, and out of others (FED-1111). */
export function noteOldStore(tx: LocalTx): void {
  if (tx.settings.get(pending) === undefined) tx.settings.put(pending, new Uint8Array([byStore]));
}

/**
 * Looks for rooms that this client is in and the server offers no stream of: it has forgotten that
 * the client came, or the whole room, or this store that the client went; and for rooms of which only
 * the server knows. The pumps then come back into them, or learn that there is no way back. Done when
 * nothing is amiss; until then each new connection looks again. Answers `early` where a server that
 * was put back is still behind what was read of it: it learns from others how its rooms go on, and
 * that may be without this client; and `unread` where a Welcome may still be on its way here.
 */
export async function findForgotten(
  context: GroupsContext,
  rooms: OpenRooms,
): Promise<"early" | "unread" | "looked"> {
  const { known, older } = await context.store.transaction((tx) => ({
    known: tx.rooms.list(),
    older: tx.settings.get(pending)?.[0],
  }));
  if (older === undefined) return "looked";
  const { subscriptions } = await context.api.json(
    "GET",
    paths.subscriptions(),
    subscriptionsAnswerSchema,
  );
  const hasUnread = subscriptions.some(
    ({ stream, cursor, head }) => !isRoomStream(stream) && cursor < head,
  );
  let amiss = false;
  let early = false;
  let mayCome = false;
  for (const { room: uri, status } of known) {
    if (status !== "joined" && status !== "left") continue;
    const room = await rooms.open(uri);
    const offered = subscriptions.find(({ stream }) => stream === uri);
    const last = offered?.last ?? Number.POSITIVE_INFINITY;
    if (offered !== undefined && last > room.cursor.position) {
      early ||= older === byServer && offered.head < room.cursor.position;
      if (offered.cursor <= room.cursor.position) continue;
      // A second coming, of which nothing was said yet: the first one is forgotten. Without its Welcome,
      // which another copy of this store has read, this client comes in by a commit of its own.
      const isOver = await room.serial.run(() => supersede(context, room, offered.cursor));
      if (isOver) continue;
      mayCome ||= hasUnread;
      if (!hasUnread && status === "joined") room.lost = true;
      continue;
    }
    amiss = true;
    // At least the entry with which it went, and perhaps more before that.
    if (older === byStore) room.unreadTo = room.cursor.position + 1;
    if (status === "left") {
      await closeRoom(
        context,
        room,
        new Refusal("removed", "this client has left the conversation"),
      );
      continue;
    }
    room.lost = true;
    room.forgotten = older !== byStore;
  }
  for (const { stream, cursor } of subscriptions) {
    if (!isRoomStream(stream)) continue;
    const row = known.find((one) => one.room === stream);
    if (row !== undefined && row.status !== "removed") continue;
    // This client has the Welcome, and enters as soon as the room's hub can be reached.
    if (await context.store.transaction((tx) => firstWelcome(tx, stream) !== undefined)) continue;
    const room = await rooms.open(stream);
    // It was out, and may still be offered what it has read up to its removal.
    if (row !== undefined && cursor <= room.cursor.position) continue;
    mayCome ||= hasUnread;
    if (hasUnread) continue;
    // The server counts this client in, and it, or another copy of this store, has the Welcome no more.
    amiss = true;
    room.lost = true;
    pump(context, room);
  }
  if (mayCome) return "unread";
  if (early) return "early";
  if (!amiss) await context.store.transaction((tx) => tx.settings.delete(pending));
  return "looked";
}
