import { domainOf, Refusal } from "@treehouse/protocol";
import type { Domain, UserUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { DeliveryContext } from "./context.ts";
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
  const elsewhere = await store.followedOf(tx, user);
  return [...new Set(elsewhere.map(({ hub }) => hub))].toSorted();
}

/** Proposes the removal of deleted users' clients, a few users at a time; answers how many. */
export async function settleDepartures(context: DeliveryContext): Promise<number> {
  const { database, store } = context;
  let settled = 0;
  for (;;) {
    const users = await database.read((tx) => store.departures(tx, usersPerStep));
    if (users.length === 0) return settled;
    for (const user of users) {
      const rooms = await database.read((tx) => store.roomsOf(tx, user));
      for (const { room } of rooms) {
        try {
          await removeUser(context, user, room);
        } catch (error) {
          // A room that has ended meanwhile, or that the user has left.
          if (!(error instanceof Refusal) || error.code === "unavailable") throw error;
        }
      }
      await database.transaction((tx) => store.deleteDeparture(tx, user), { frees: true });
      settled += 1;
    }
  }
}

const usersPerStep = 50;
