import { TOMBSTONE_REASONS, userOfClient } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { appendEntry, dueRemovals, type HostedRoom, signedHeadOf } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";

/** Whether all leaves of a room are to be removed: then nobody is left who could commit. */
export function isOver(room: HostedRoom): boolean {
  const due = dueRemovals(room);
  return room.group.roster.every(({ leaf }) => due.has(leaf));
}

type Ending = {
  readonly after: LogPoint;
  readonly acceptedAt: number;
  readonly reason?: "ended" | "deleted";
};

/**
 * Ends a room that is over (FED-754), or that somebody has ended (FED-1151): its log is closed with a
 * last entry, from which its clients and the servers that follow it know, and everything else of it is
 * deleted.
 */
export async function endRoom(
  context: DeliveryContext,
  tx: Tx,
  room: HostedRoom,
  { after, acceptedAt, reason = "ended" }: Ending,
): Promise<void> {
  const { store, roomLog, rooms, accounts, assets, crypto } = context;
  const { position } = await appendEntry(
    context,
    tx,
    { hosted: room, after, acceptedAt, peers: room.peers },
    { kind: "tombstone", reason: TOMBSTONE_REASONS[reason], replaced: after.hash, detail: "" },
    (point) => {
      const head = signedHeadOf(crypto, room, point).signed;
      return new Map(room.peers.map((peer) => [peer, { head }]));
    },
  );
  for (const { client } of room.group.roster) {
    if (!accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room: room.room, upTo: position });
  }
  await store.deleteRoom(tx, room.id);
  await assets.roomEnded(tx, room.room);
  tx.afterCommit(() => rooms.remove(room.room));
}
