import { parseRoomUri, Refusal, type RoomUri } from "@treehouse/protocol";

import type { Groups } from "../groups/index.ts";
import type { LocalStore } from "../storage/index.ts";

/** By id, else by name, else by a beginning of the id. Refuses `unknownRoom` unless it is exactly one. */
export async function findRoom(
  store: LocalStore,
  groups: Groups,
  reference: string,
): Promise<RoomUri> {
  const rows = await store.transaction((tx) => tx.rooms.list());
  const exact = rows.filter(({ room }) => room === reference);
  const named = rows.filter((row) => groups.details(row).name === reference);
  const begun = rows.filter(({ room }) => idOf(room).startsWith(idOf(reference)));
  const found = [exact, named, begun].find((matches) => matches.length > 0) ?? [];
  const [only, another] = found;
  if (only === undefined) {
    throw new Refusal("unknownRoom", `there is no conversation "${reference}" in this store`);
  }
  if (another !== undefined) {
    throw new Refusal("unknownRoom", `more than one conversation is meant by "${reference}"`);
  }
  return parseRoomUri(only.room);
}

/** The part of a room's URI that tells it apart. */
function idOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
