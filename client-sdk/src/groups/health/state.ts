import type { RoomUri } from "@treehouse/protocol";

import type { RoomHealth } from "../../events/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, isHidden } from "../room/index.ts";

export function healthOf({ env }: Pick<GroupsContext, "env">, room: Room): RoomHealth {
  if (room.ended) return { state: "deleted" };
  if (room.forked) return { state: "forked" };
  if (room.halt !== undefined) return { state: room.halt.state, reason: room.halt.reason };
  const { suspendedUntil: until } = room;
  if (until !== undefined && until > env.now()) return { state: "suspended", until };
  if (room.trouble !== undefined) return { state: "checking" };
  if (room.lost) return { state: "rejoining" };
  if (room.suspect !== undefined) return { state: "forkSuspected" };
  const isBehind = room.group !== undefined && room.group.epoch < room.epochAtHub;
  return { state: isBehind || room.late !== undefined ? "catchingUp" : "ok" };
}

/** Tells the program when it is another one than was told last. Never rejects. */
export async function tellHealth(context: GroupsContext, room: Room): Promise<void> {
  const health = healthOf(context, room);
  if (health.state === room.healthTold) return;
  room.healthTold = health.state;
  try {
    const hidden = await context.store.transaction((tx) => isHidden(tx, room.uri));
    if (!hidden) context.events.emit("health", { room: room.uri, ...health });
  } catch (error) {
    context.env.log.warn("health.notTold", { error: String(error) });
  }
}

const place = (room: RoomUri) => `suspect ${room}`;

/** The epoch in which something of another continuation came, as it is stored. */
export function readSuspect(tx: LocalTx, room: RoomUri): number | undefined {
  const stored = tx.settings.get(place(room));
  if (stored === undefined || stored.length < 8) return undefined;
  return Number(new DataView(stored.buffer, stored.byteOffset).getBigUint64(0));
}

export function writeSuspect(tx: LocalTx, room: RoomUri, epoch: number | undefined): void {
  if (epoch === undefined) {
    tx.settings.delete(place(room));
    return;
  }
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(epoch));
  tx.settings.put(place(room), bytes);
}
