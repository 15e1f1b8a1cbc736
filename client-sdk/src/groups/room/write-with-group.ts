import type { Durability, LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";
import { noEpoch, notePeople } from "./room-people.ts";

/**
 * Writes what the group changed together with what depends on it. When the write fails the group
 * in memory is ahead of the store, so it is dropped and loaded again at the next use.
 */
export async function writeWithGroup<T>(
  context: GroupsContext,
  room: Room,
  write: (tx: LocalTx) => T,
  durability?: Durability,
): Promise<T> {
  const changes = room.group?.takeChanges();
  try {
    return await context.store.transaction((tx) => {
      if (changes !== undefined) tx.rooms.changeGroupRows(room.uri, changes);
      notePeople(tx, room);
      return write(tx);
    }, durability);
  } catch (error) {
    forgetGroup(room);
    throw error;
  }
}

/** It is ahead of the store, and is loaded again at its next use. */
export function forgetGroup(room: Room): void {
  room.group = undefined;
  room.peopleEpoch = noEpoch;
}
