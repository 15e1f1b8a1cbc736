import type { DeliveryContext } from "../context.ts";
import type { Caller } from "../ports.ts";
import type { RoomOfUser } from "../store/index.ts";

/** The rooms hosted here in which the caller's user has a leaf, in the order of their names. */
export async function listRooms(
  { database, store }: DeliveryContext,
  caller: Caller,
): Promise<readonly RoomOfUser[]> {
  return database.read((tx) => store.roomsOf(tx, caller.user));
}
