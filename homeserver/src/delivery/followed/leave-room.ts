import { userOfClient } from "@treehouse/protocol";
import type { LeafChange, TombstoneEntry } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { MembershipEntry } from "./members.ts";
import type { FollowedRoom } from "./room.ts";

type LeaveContext = Pick<FollowedContext, "store" | "accounts" | "assets" | "roomLog">;

/** The room has ended (FED-754, FED-1151): its clients here get this entry, and nothing more. */
export async function endRoom(
  { store, accounts, assets, roomLog }: LeaveContext,
  tx: Tx,
  { id, room }: FollowedRoom,
  { position }: TombstoneEntry,
): Promise<void> {
  for (const { client } of await store.followedRoster(tx, id)) {
    if (!accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room, upTo: position });
  }
  await store.forgetFollowedMembers(tx, id);
  await assets.roomEnded(tx, room);
}

/**
 * Who is in a room is kept while a client of this server is: after the last one nothing more
 * comes, and whoever comes back is introduced anew (FED-948, FED-949).
 */
export async function forgetIfAway(
  { store, accounts }: LeaveContext,
  tx: Tx,
  { id }: FollowedRoom,
  { leafChanges }: MembershipEntry,
): Promise<void> {
  const isOwn = ({ client }: Pick<LeafChange, "client">) => accounts.isLocal(userOfClient(client));
  if (!leafChanges.some((each) => each.change === "removed" && isOwn(each))) return;
  if ((await store.followedRoster(tx, id)).some(isOwn)) return;
  await store.forgetFollowedMembers(tx, id);
}
