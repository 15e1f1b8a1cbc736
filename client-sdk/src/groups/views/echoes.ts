import type { RoomUri } from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";

/**
 * Waits until what the hub has taken of this client stands in the store. It is shown before that; but
 * whoever answers at once what they have just sent must find it. Without a connection nothing comes.
 */
export async function echoes({ events, link, store }: GroupsContext, room: RoomUri): Promise<void> {
  for (;;) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stops = [events.on("stored", () => resolve()), events.on("state", () => resolve())];
    try {
      const open = await store.transaction((tx) =>
        tx.intents.acceptedSends(room, Number.MAX_SAFE_INTEGER),
      );
      if (open.length === 0 || !link.live()) return;
      await promise;
    } finally {
      for (const stop of stops) stop();
    }
  }
}
