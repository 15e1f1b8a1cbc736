import type { Domain, RoomUri } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";

/**
 * Whether users of a peer are in a room that is hosted here, now.
 *
 * Refusals: unknownRoom, notMember.
 */
export async function checkFollowedBy(
  { rooms, database, store }: Pick<DeliveryContext, "rooms" | "database" | "store">,
  peer: Domain,
  room: RoomUri,
): Promise<void> {
  const { id } = await rooms.get(room);
  const ranges = await database.read((tx) => store.peerRanges(tx, id, peer));
  if (ranges.some(({ until }) => until === undefined)) return;
  throw new Refusal("notMember", "No user of the asking server is in the room.");
}
