import { LIMITS } from "@treehouse/protocol";
import type { DeliveryContext } from "./context.ts";

/**
 * Deletes what has ended: reservations, answers to repeated requests, trees that nobody waits for,
 * and what is left of rooms that have moved. In small transactions, so that nothing else waits
 * long; answers how many rows went.
 */
export async function maintain(context: DeliveryContext): Promise<number> {
  const { database, store, env } = context;
  let deleted = 0;
  for (;;) {
    const at = env.now();
    const count = await database.transaction(
      async (tx) => {
        const reservations = await store.deleteExpiredReservations(tx, at, rowsPerStep);
        const answers = await store.deleteExpiredAnswers(tx, at, rowsPerStep);
        const rooms = await store.deleteExpiredWelcomes(tx, at, welcomesPerStep);
        const forwarded = await store.deleteExpiredForwarded(tx, at, rowsPerStep);
        const places = await store.deleteExpiredPlaces(tx, at, rowsPerStep);
        const voids = await store.deleteOldVoids(tx, at - voidsKeptMs, rowsPerStep);
        const before = at - LIMITS.movedRoomKeptMs;
        const offers = await store.deleteExpiredOffers(tx, before, rowsPerStep);
        const claims = await store.deleteExpiredClaims(tx, at, rowsPerStep);
        const ranges = await store.deleteOldRanges(tx, before);
        const closings = await store.deleteOldClosings(tx, before);
        for (const room of rooms) await store.collectTrees(tx, room, LIMITS.epochWindowEpochs);
        const moves = offers + ranges + closings + claims;
        return reservations + answers + forwarded + places + voids + rooms.length + moves;
      },
      { frees: true },
    );
    if (count === 0) return deleted;
    deleted += count;
  }
}

/** Longer than a suspension lasts, and longer than a message of a void epoch is on its way. */
const voidsKeptMs = 2 * LIMITS.suspensionMaxMs;
const rowsPerStep = 500;
const welcomesPerStep = 50;
