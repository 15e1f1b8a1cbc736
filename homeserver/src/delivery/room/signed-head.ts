import { Refusal } from "@treehouse/protocol";
import type { Domain, RoomUri, SignedHead } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { signedHeadOf } from "./heads.ts";
import { hasMoved } from "./log.ts";

/**
 * Signs where a room's log stands at this moment, for the servers that follow it. Undefined if the
 * room has ended, if nobody of the server that is named is in it any more, or if it changes too fast
 * to say.
 */
export async function readSignedHead(
  { database, store, rooms, crypto }: DeliveryContext,
  room: RoomUri,
  peer?: Domain,
): Promise<SignedHead | undefined> {
  for (let count = 0; count < attemptsMax; count += 1) {
    try {
      const hosted = await rooms.get(room);
      if (peer !== undefined && !hosted.peers.includes(peer)) return undefined;
      const head = await database.read((tx) => store.head(tx, hosted.id));
      if (head === undefined) return undefined;
      if (!hasMoved(hosted, head)) return signedHeadOf(crypto, hosted, head).signed;
      rooms.drop(hosted);
    } catch (error) {
      if (error instanceof Refusal && error.code === "unknownRoom") return undefined;
      throw error;
    }
  }
  return undefined;
}

const attemptsMax = 3;
