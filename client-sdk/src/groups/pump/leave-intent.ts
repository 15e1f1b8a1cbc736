import { paths } from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";
import type { Step } from "./pump.ts";

/**
 * Asks the hub to have this user's clients removed. It is idempotent; the next commit of a member
 * carries the removal, and arrives here as the last entry of the room.
 */
export async function finishLeave(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
): Promise<Step> {
  await context.api.done("POST", paths.leave(room.uri), {});
  await room.serial.run(async () => {
    await context.store.transaction((tx) => {
      tx.intents.delete(intent.serial);
      if (tx.rooms.get(room.uri)?.status === "joined") tx.rooms.setStatus(room.uri, "left");
    });
  });
  const done = { position: room.cursor.position, acceptedAt: context.env.now() };
  room.waiters.get(intent.serial)?.resolve(done);
  room.waiters.delete(intent.serial);
  return "next";
}
