import { type Domain, domainOf, Refusal, type RoomUri, userOfClient } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { removeClient } from "./leave.ts";
import { revokedLeafKeptMs } from "./limits.ts";
import type { Revocation } from "../store/index.ts";

/**
 * Notes that a client is revoked, here or at its user's own server: its removal is proposed in every
 * room hosted here, by the job. Answers the servers that must be told: the hubs of the rooms that its
 * user is in elsewhere. Those that it reads are kept for the user's other clients to find. Idempotent;
 * call it before the client's subscriptions are deleted.
 */
export async function noteRevocation(
  { store, domain, roomLog }: DeliveryContext,
  tx: Tx,
  { client, revokedAt }: Revocation,
): Promise<readonly Domain[]> {
  const user = userOfClient(client);
  await store.addRevocation(tx, { client, revokedAt });
  if (domainOf(user) !== domain) return [];
  const elsewhere = await store.followedOf(tx, user);
  const keptUntil = revokedAt + revokedLeafKeptMs;
  for (const { room } of elsewhere) {
    // What a hub says beyond that is not believed (FED-953).
    if (await roomLog.reads(tx, client, room)) await store.keepPlace(tx, { user, room, keptUntil });
  }
  return [...new Set(elsewhere.map(({ hub }) => hub))].toSorted();
}

/**
 * Proposes the removal of revoked clients. One that is its user's last in a room is cut off there,
 * and waits for another client of the user for a while (FED-970); so does one in a room that is not
 * settled after a restore.
 */
export async function settleRevocations(
  context: DeliveryContext,
  isUnsettled: (room: RoomUri) => boolean,
): Promise<void> {
  const { database, store } = context;
  let after: Revocation | undefined;
  for (;;) {
    const last = after;
    const page = await database.read((tx) => store.revocations(tx, last, clientsPerStep));
    for (const revocation of page) {
      if (!(await settle(context, revocation, isUnsettled))) continue;
      const { client } = revocation;
      await database.transaction((tx) => store.deleteRevocation(tx, client), { frees: true });
    }
    after = page.at(-1);
    if (after === undefined) return;
  }
}

/** Answers whether nothing of it is left to do. */
async function settle(
  context: DeliveryContext,
  { client, revokedAt }: Revocation,
  isUnsettled: (room: RoomUri) => boolean,
): Promise<boolean> {
  const { database, env, store } = context;
  const rooms = await database.read((tx) => store.roomsOf(tx, userOfClient(client)));
  const isDue = env.now() >= revokedAt + revokedLeafKeptMs;
  let isSettled = true;
  for (const { room } of rooms) {
    if (isUnsettled(room)) isSettled = false;
    else if (await removeFrom(context, { client, isDue }, room)) isSettled = false;
  }
  return isSettled;
}

async function removeFrom(
  context: DeliveryContext,
  revoked: Parameters<typeof removeClient>[1],
  room: RoomUri,
): Promise<boolean> {
  try {
    return await removeClient(context, revoked, room);
  } catch (error) {
    // A room that has ended meanwhile.
    if (!(error instanceof Refusal) || error.code === "unavailable") throw error;
    return false;
  }
}

const clientsPerStep = 50;
