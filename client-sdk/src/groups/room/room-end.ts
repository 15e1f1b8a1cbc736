import {
  formatAddress,
  Refusal,
  type RoomUri,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";

const endSetting = (room: RoomUri) => `room end ${room}`;

const endSchema = z.object({
  /** Absent where this client was away for so long that nobody can tell it. */
  by: z.string().optional(),
  at: z.number(),
  reason: z.string(),
});

/** That a room was ended for everybody: by whom, when, and why. */
export type RoomEnd = Readonly<z.output<typeof endSchema>>;

export function endOf(tx: LocalTx, room: RoomUri): RoomEnd | undefined {
  const kept = tx.settings.get(endSetting(room));
  return kept === undefined ? undefined : endSchema.parse(JSON.parse(utf8Decode(kept)));
}

/** The keys go, and what was wanted here; the history stays until the user drops it. */
export function writeEnd(tx: LocalTx, room: RoomUri, end: RoomEnd): void {
  tx.settings.put(endSetting(room), utf8Encode(JSON.stringify(end)));
  tx.rooms.setStatus(room, "removed");
  tx.rooms.deleteGroup(room);
  for (const { serial } of tx.intents.list(room)) tx.intents.delete(serial);
}

/** Whoever waits for something here is told that nothing comes of it, and the user by whom it ended. */
export function tellEnd(
  context: GroupsContext,
  room: Room,
  { by, reason }: { readonly by: UserUri; readonly reason: string },
): void {
  room.group = undefined;
  room.ended = true;
  const waiters = [...room.waiters.values()];
  room.waiters.clear();
  const refusal = new Refusal("removed", "the conversation was deleted");
  for (const waiter of waiters) waiter.reject(refusal);
  const address = formatAddress(by);
  context.events.emit("deleted", { room: room.uri, by, address, reason });
}
