import {
  type Domain,
  leafLifetimeOf,
  Refusal,
  type RoomUri,
  userOfClient,
} from "@treehouse/protocol";
import { unseenAmong } from "../leaving/index.ts";
import type { FollowedContext } from "./context.ts";
import { followedState } from "./refuse-early.ts";

const roomsPerStep = 100;

/**
 * Asks the hubs of followed rooms to take out this server's clients that have not been there for longer
 * than the room waits for them (FED-1153). A hub hears no more than that: not when they were there. Until
 * a member has committed it, it is asked again each time, which changes nothing.
 */
export async function reportUnseen(context: FollowedContext): Promise<void> {
  const { database, store } = context;
  let after: RoomUri | undefined;
  for (;;) {
    const last = after;
    const page = await database.read((tx) => store.followedAfter(tx, last, roomsPerStep));
    for (const { room, hub } of page) await reportIn(context, room, hub);
    after = page.at(-1)?.room;
    if (after === undefined) return;
  }
}

async function reportIn(context: FollowedContext, room: RoomUri, hub: Domain): Promise<void> {
  const { database, store, hubs, env } = context;
  const known = await followedState(context, room);
  const days = known && leafLifetimeOf(known.state);
  if (known === undefined || days === undefined) return;
  const unseen = await database.read(async (tx) =>
    unseenAmong(context, tx, await store.followedRoster(tx, known.id), days),
  );
  for (const client of unseen) {
    try {
      await hubs.leave(hub, { user: userOfClient(client), client }, room, "unseenClient");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The hub is away, or the room has changed: the next look is soon enough.
      env.log.debug("followed.unseenNotTaken", { code: error.code });
      return;
    }
  }
}
