import { decodeRoomState, type Entry, readMoved, TOMBSTONE_REASONS } from "@treehouse/protocol";

import {
  type GroupsContext,
  type Room,
  type EntryWrite,
  fault,
  writeHubRecord,
  loadGroup,
  isHidden,
} from "../room/index.ts";

/**
 * Whether an entry may stand where it does, as far as the change of the hub is concerned: behind a
 * commit that names another one stands what closes the former one's log, and nothing else; without
 * such a commit nothing closes it (FED-1128, T-15). What was missed is judged by its term alone.
 */
export function fitsMove({ hub, cursor }: Pick<Room, "hub" | "cursor">, entry: Entry): boolean {
  const closes = entry.kind === "tombstone" && entry.reason === TOMBSTONE_REASONS.moved;
  if (hub.doubt !== undefined) return true;
  if (hub.moving === undefined) return !closes;
  if (cursor.hash.length === 0) return closes || entry.term >= hub.moving;
  return closes && readMoved(entry)?.term === hub.moving;
}

/** The former hub has closed its log: from here on the other one's word counts, in its term. */
export async function movedEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry,
): Promise<EntryWrite> {
  const named = readMoved(entry);
  const { hub } = decodeRoomState((await loadGroup(context, room)).roomState());
  if (named === undefined || (room.hub.doubt === undefined && named.hub !== hub)) {
    return fault(context, room, entry, "entryInvalid", otherHubText);
  }
  const term = Math.max(room.hub.term, named.term);
  const record = { ...room.hub, term, moving: undefined };
  let hidden = false;
  return {
    left: false,
    rows(tx) {
      writeHubRecord(tx, room.uri, record);
      hidden = isHidden(tx, room.uri);
    },
    after() {
      room.hub = record;
      if (!hidden) context.events.emit("moved", { room: room.uri, server: named.hub });
    },
  };
}

const otherHubText =
  "The server names another one for this conversation than its members have chosen.";
