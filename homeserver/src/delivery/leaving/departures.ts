import { domainOf, Refusal } from "@treehouse/protocol";
import type { Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { removeUser } from "./leave.ts";

/**
 * Notes that a user is deleted, here or at the user's own server: the removal of all the user's
 * clients is proposed in every room hosted here, by the job. Answers the servers that must be told:
 * those with members in these rooms are told by the rooms' entries, so these are the hubs of the
 * rooms that the user is in elsewhere. Idempotent.
 */
export async function noteDeparture(
  { store, env, domain }: DeliveryContext,
  tx: Tx,
  user: UserUri,
): Promise<readonly Domain[]> {
  await store.addDeparture(tx, user, env.now());
  if (domainOf(user) !== domain) return [];
  await store.forgetPlaces(tx, user);
  const elsewhere = await store.followedOf(tx, user);
  return [...new Set(elsewhere.map(({ hub }) => hub))].filter((hub) => hub !== domain).toSorted();
}

/**
 * Proposes the removal of deleted users' clients, a few users at a time; answers how many. Who is in
 * a room that is not settled after a restore waits for the next time: nothing is written there.
 */
export async function settleDepartures(
  context: DeliveryContext,
  isUnsettled: (room: RoomUri) => boolean,
): Promise<number> {
  const { database, store } = context;
  const waiting = new Set<UserUri>();
  let settled = 0;
  for (;;) {
    const limit = usersPerStep + waiting.size;
    const users = await database.read((tx) => store.departures(tx, limit));
    const due = users.filter((user) => !waiting.has(user));
    if (due.length === 0) return settled;
    for (const user of due) {
      const rooms = await database.read((tx) => store.roomsOf(tx, user));
      if (rooms.some(({ room }) => isUnsettled(room))) {
        waiting.add(user);
        continue;
      }
      for (const { room } of rooms) await removeFrom(context, user, room);
      await database.transaction((tx) => store.deleteDeparture(tx, user), { frees: true });
      settled += 1;
    }
  }
}

async function removeFrom(context: DeliveryContext, user: UserUri, room: RoomUri): Promise<void> {
  try {
    await removeUser(context, user, room);
  } catch (error) {
    // A room that has ended meanwhile, or that the user has left.
    if (!(error instanceof Refusal) || error.code === "unavailable") throw error;
  }
}

const usersPerStep = 50;
