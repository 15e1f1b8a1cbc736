import { equalBytes, type RefusalCode, rosterHash, userOfClient } from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import { rosterBefore } from "../room/index.ts";
import type { FollowedContext } from "./context.ts";
import { believedOf } from "./members.ts";
import { termOf } from "./place.ts";
import type { PreparedBatch, TouchedRoom } from "./prepare.ts";
import type { EntryItem } from "./receive.ts";
import type { FollowedRoom } from "./room.ts";

/** Whether the hub introduces the room anew, after this server had nobody in it for a while. */
export async function isIntroduced(
  { store, accounts }: FollowedContext,
  tx: Tx,
  { room, head }: TouchedRoom,
  { entry, delivery }: EntryItem,
): Promise<boolean> {
  if (delivery.introduction === undefined || entry.position <= head.position + 1) return false;
  // As long as somebody reads the room here, what lies between is fetched and not passed over.
  const roster = await store.followedRoster(tx, room.id);
  return !roster.some(({ client }) => accounts.isLocal(userOfClient(client)));
}

/**
 * Begins to follow a room, or begins anew: its log is read here from this commit on, and the
 * roster before it follows from the introduction (FED-949). Nobody can push a room onto this
 * server: one of its clients must be coming by this very commit as it expects. Nor can anybody
 * introduce a room but its hub.
 */
export async function enterRoom(
  context: FollowedContext,
  tx: Tx,
  { peer }: PreparedBatch,
  item: EntryItem,
  known: TouchedRoom | undefined,
): Promise<TouchedRoom | { readonly rejected: RefusalCode }> {
  const { entry, delivery } = item;
  const { introduction } = delivery;
  if ((await context.store.room(tx, entry.room)) !== undefined) return reject(context, "notHub");
  if (introduction === undefined || (entry.kind !== "commit" && entry.kind !== "void")) {
    return { rejected: "unknownRoom" };
  }
  if (!item.isIntroducer) return reject(context, "notHub");
  if (known !== undefined && known.room.hub !== peer) return reject(context, "notHub");
  if (known !== undefined && !equalBytes(known.room.hubKey, introduction.hubKey)) {
    return reject(context, "notHub");
  }
  if (known !== undefined && entry.term < termOf(known)) {
    context.count("staleTerm");
    return { rejected: "staleTerm" };
  }
  const { roster } = introduction;
  const before = rosterBefore(roster, entry.leafChanges);
  if (before === undefined || !equalBytes(rosterHash(roster, sha256), entry.rosterHash)) {
    context.count("rosterInvalid");
    return { rejected: "invalidCommit" };
  }
  if ((await believedOf(context, tx, item, entry)).size === 0) {
    context.count("joinNotBelieved");
    return { rejected: "notMember" };
  }
  const head = {
    term: entry.term,
    epoch: entry.epoch,
    position: entry.position - 1,
    hash: entry.previous.slice(),
    seen: entry.position - 1,
    frozen: known?.head.frozen ?? false,
  };
  const room = known?.room ?? (await insert(context, tx, peer, item, introduction.hubKey, head));
  await context.store.replaceFollowedRoster(tx, room.id, before);
  await context.roomLog.jumpTo(tx, entry.room, entry.position - 1);
  return { room, head, newest: undefined, signedHead: undefined };
}

async function insert(
  { store }: FollowedContext,
  tx: Tx,
  hub: PreparedBatch["peer"],
  { entry }: EntryItem,
  hubKey: FollowedRoom["hubKey"],
  head: FollowedRoom["head"],
): Promise<FollowedRoom> {
  const { room, generation } = entry;
  const row = { room, hub, hubKey: hubKey.slice(), generation, head };
  return { ...row, id: await store.insertFollowed(tx, row), signedHead: undefined };
}

function reject(context: FollowedContext, code: "notHub"): { readonly rejected: RefusalCode } {
  context.count(code);
  return { rejected: code };
}
