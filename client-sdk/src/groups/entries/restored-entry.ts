import { type Entry, readRestored } from "@treehouse/protocol";

import {
  type EntryWrite,
  fault,
  type GroupsContext,
  loadGroup,
  restoredText,
  type Room,
} from "../room/index.ts";
import { wishRenewal } from "../health/index.ts";

/**
 * The hub was put back to a backup. Where it has no GroupInfo since, who cannot go on cannot come back
 * either, before somebody ends this epoch (FED-1117): wished durably, since nobody else may be left.
 */
export async function restoredEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry,
): Promise<EntryWrite> {
  const told = fault(context, room, entry, "restored", restoredText);
  if (readRestored(entry)?.needsCommit !== true) return told;
  const { epoch } = await loadGroup(context, room);
  let wish: number | undefined;
  return {
    ...told,
    rows(tx) {
      told.rows(tx);
      wish = wishRenewal(context, tx, room, epoch);
    },
    after() {
      told.after();
      room.renewal = { epoch, wish };
      // Not before its turn among the members.
      if (wish !== undefined) room.postponed.add(wish);
    },
  };
}
