import type { RoomUri } from "@treehouse/protocol";

import { notesOf, placeOf, writePlace, writeRead } from "../../account/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { tellRead } from "./receipts.ts";

/** Notes how far the user has read, and tells the others. Refuses `malformed`. */
export async function markRead(
  parts: ConversationParts,
  room: RoomUri,
  position: number,
): Promise<void> {
  const { chosen, expiry, groups, store } = parts;
  // Whoever has read up to a message of their own may have sent it a moment ago.
  await groups.echoes(room);
  const { after, upTo } = await store.transaction((tx) => {
    const before = notesOf(tx, room).readPosition;
    writeRead(tx, room, { position, at: chosen.now() });
    if (placeOf(tx, room).marked) {
      writePlace(tx, room, { change: { marked: null }, at: chosen.now() });
    }
    return { after: before, upTo: notesOf(tx, room).readPosition };
  });
  expiry.look();
  await tellRead(parts, room, { after, upTo });
  await chosen.push();
}
