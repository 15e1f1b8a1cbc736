import { Refusal } from "@treehouse/protocol";

import { dropUnvouched, type GroupsContext, type Room } from "../room/index.ts";
import { forgetJoin } from "../joining/index.ts";
import { eraseMessage } from "../saying/index.ts";

const atOnce = 500;

/**
 * Forgets a room that this client is out of, with all that was said in it: messages with their versions,
 * what the search knows of them, and their files. A piece at a time, so that a crash leaves the rest for
 * another call. Refuses `conflict` while this client is in it.
 */
export async function forgetRoom(context: GroupsContext, room: Room): Promise<void> {
  for (;;) {
    const isDone = await context.store.transaction((tx) => {
      const status = tx.rooms.get(room.uri)?.status ?? "removed";
      if (status !== "removed") {
        // What comes until then must find the room: without it, this client would come back into it.
        throw new Refusal("conflict", status === "left" ? leavingText : memberText);
      }
      const rows = tx.messages.page(room.uri, undefined, atOnce);
      for (const row of rows) {
        if (row.kind === "content" || row.kind === "deleted") {
          eraseMessage(tx, row, (body) => context.reader.emptied(body), "withdrawn");
          context.lifetimes.erased(tx, row.room, row.messageId);
        } else {
          tx.messages.drop(row);
        }
      }
      if (rows.length === atOnce) return false;
      tx.messages.dropRoom(room.uri);
      tx.audit.deleteRoom(room.uri);
      forgetJoin(tx, room.uri);
      dropUnvouched(tx, room.uri);
      tx.rooms.delete(room.uri);
      return true;
    });
    if (isDone) return;
  }
}

const memberText = "this client is in the conversation: leave it first";
const leavingText =
  "this client has asked to leave, and no member has taken it out yet: wait for the event `removed`";
