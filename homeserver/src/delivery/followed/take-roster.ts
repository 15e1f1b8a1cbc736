import { equalBytes, rosterHash, userOfClient } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { TouchedRoom } from "./prepare.ts";
import type { MembershipEntry } from "./members.ts";
import type { EntryItem } from "./receive.ts";

/**
 * Takes the whole roster with which the hub introduces a room that is followed already: it was
 * restored, and has forgotten commits that were taken here (FED-949). Own clients that are not in it
 * read nothing more. False if there is none, or none that the entry vouches for.
 */
export async function takeRoster(
  context: FollowedContext,
  tx: Tx,
  { room }: TouchedRoom,
  { delivery: { introduction } }: EntryItem,
  { position, rosterHash: hash }: MembershipEntry,
): Promise<boolean> {
  const { store, accounts, roomLog } = context;
  if (introduction === undefined || !equalBytes(introduction.hubKey, room.hubKey)) return false;
  const { roster } = introduction;
  if (!equalBytes(rosterHash(roster, sha256), hash)) return false;
  const there = new Set(roster.map(({ client }) => client));
  for (const { client } of await store.followedRoster(tx, room.id)) {
    if (there.has(client) || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room: room.room, upTo: position });
  }
  const isOwn = roster.some(({ client }) => accounts.isLocal(userOfClient(client)));
  if (isOwn) await store.replaceFollowedRoster(tx, room.id, roster);
  else await store.forgetFollowedMembers(tx, room.id);
  context.count("rosterReplaced");
  return true;
}
