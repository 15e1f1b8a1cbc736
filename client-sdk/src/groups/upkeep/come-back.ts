import { Refusal } from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { pump } from "../pump/index.ts";

/**
 * The user wants this client to come into the room anew, by a commit of its own: its keys there are
 * others afterwards. Resolves once it is back. Refuses `removed` when this client is no member.
 */
export async function comeBack(context: GroupsContext, room: Room): Promise<void> {
  const over = context.over(false);
  if (over !== undefined) throw over;
  await room.serial.run(async () => {
    const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
    if (status === "joined") room.lost = true;
    else throw new Refusal("removed", "this client is no longer a member of the conversation");
  });
  const back = new Promise<void>((resolve, reject) => {
    room.returning.push({ resolve: () => resolve(), reject });
  });
  pump(context, room);
  return back;
}
