import { Refusal } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import type { Backfill } from "./backfill.ts";
import type { FollowedContext } from "./context.ts";

/**
 * An operator has looked at a room that was stopped because its hub contradicted itself (FED-952):
 * it goes on from what the hub says now, of its log and of who is in it. One that was not stopped
 * stays as it is.
 *
 * Refusals: unknownRoom.
 */
export async function thawRoom(
  { database, store, followed, env }: FollowedContext,
  backfill: Pick<Backfill, "begin">,
  name: RoomUri,
): Promise<void> {
  const hub = await database.transaction(async (tx) => {
    const room = await store.followedRoom(tx, name);
    if (room === undefined) {
      throw new Refusal("unknownRoom", "No room of this name is hosted by another server here.");
    }
    if (!room.head.frozen) return undefined;
    await store.thawFollowed(tx, room.id);
    tx.afterCommit(() => followed.drop(name));
    return room.hub;
  });
  if (hub === undefined) return;
  env.log.info("roomThawed", { room: name });
  backfill.begin(name, hub);
}
