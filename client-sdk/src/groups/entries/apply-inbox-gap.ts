import type { StreamUri } from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import type { RoomGap } from "./apply-gap.ts";

/** Goes on behind positions of the own inbox that will never come, and tells. Idempotent. */
export async function applyInboxGap(
  { store, accountEvents, events }: GroupsContext,
  stream: StreamUri,
  { from, to, reason }: RoomGap,
): Promise<void> {
  const moved = await store.transaction((tx) => {
    if ((tx.cursors.get(stream)?.position ?? 0) >= to) return false;
    accountEvents.missed(tx);
    tx.cursors.set({ stream, position: to, hash: new Uint8Array() });
    return true;
  });
  if (moved) events.emit("gap", { stream, from, to, reason });
}
