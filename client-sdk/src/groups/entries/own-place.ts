import type { ClientUri, Entry } from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";

/** Whether an entry says that a client is in the group from there on, or out of it. */
export function changes(entry: Entry, self: ClientUri, what: "added" | "removed"): boolean {
  if (entry.kind !== "commit" && entry.kind !== "void") return false;
  return entry.leafChanges.some(({ client, change }) => client === self && change === what);
}

/** Who is out is out once more: it ends what this client was to read, and its server need not keep it. */
export async function passBy(
  { store }: GroupsContext,
  room: Room,
  { position }: Entry,
): Promise<void> {
  const cursor = { stream: room.uri, position, hash: new Uint8Array() };
  await store.transaction((tx) => tx.cursors.set(cursor));
  room.cursor = cursor;
}
