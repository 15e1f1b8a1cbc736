import {
  chainHashOf,
  type CommitEntry,
  decodeEntry,
  equalBytes,
  type VoidEntry,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, tellFault, loadGroup } from "../room/index.ts";
import { isBorneOut, unprovenVoidText } from "./check-void.ts";
import { committerOf, noteStands, type Trouble } from "./trouble.ts";
import { rollbackOf } from "./void-entry.ts";

/**
 * Looks at what comes behind a commit that this client could not apply, and applies nothing of it: a
 * void lets it pass the commit over, and everything is read again from there. Runs in the room's
 * `serial`.
 */
export async function observe(
  context: GroupsContext,
  room: Room,
  trouble: Trouble,
  bytes: Uint8Array,
): Promise<void> {
  const entry = decodeEntry(bytes);
  const { tail } = trouble;
  if (entry.room !== room.uri || entry.position !== tail.position + 1) return;
  // What does not follow is told when it is read once more.
  if (!equalBytes(entry.previous, tail.hash)) return;
  trouble.tail = {
    position: entry.position,
    hash: chainHashOf(entry, bytes, context.member.crypto.hash),
  };
  if (entry.kind === "void" && entry.voided <= trouble.position && entry.epoch <= trouble.epoch) {
    await pass(context, room, trouble, entry);
  } else if (entry.kind === "report") {
    const { position, verdict } = entry.report.report;
    if (position === trouble.position && verdict === "applied") noteStands(context, room, trouble);
  } else if (entry.kind === "commit" && (await confirms(context, room, trouble, entry))) {
    noteStands(context, room, trouble);
  }
}

/** A commit of somebody else who was there before: the hub does not take anything back behind it. */
async function confirms(
  context: GroupsContext,
  room: Room,
  trouble: Trouble,
  entry: CommitEntry,
): Promise<boolean> {
  const group = await loadGroup(context, room);
  const user = committerOf(group, entry);
  return user !== trouble.committer && group.members().some((one) => one.user === user);
}

async function pass(
  context: GroupsContext,
  room: Room,
  trouble: Trouble,
  entry: VoidEntry,
): Promise<void> {
  const group = await loadGroup(context, room);
  const known =
    entry.voided === trouble.position ? trouble : { hash: undefined, committer: trouble.committer };
  if (!isBorneOut(context, group, entry, known)) {
    room.forked = true;
    tellFault(context, room, entry, "forkDetected", unprovenVoidText);
    return;
  }
  room.trouble = undefined;
  const isHalted = room.halt !== undefined;
  room.halt = undefined;
  if (entry.epoch < group.epoch) {
    // What this client could apply before goes with it: it comes back to the epoch that stands.
    room.rollback = rollbackOf(entry);
    if (isHalted) room.lost = true;
    return;
  }
  room.lost = false;
  room.passing = { from: entry.voided, through: entry.position, epoch: entry.epoch };
  context.link.reread();
}
