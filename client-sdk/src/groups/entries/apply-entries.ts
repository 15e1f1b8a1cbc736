import {
  type Bytes,
  chainHashOf,
  type CommitEntry,
  decodeEntry,
  type Entry,
  equalBytes,
  Refusal,
  roomOfGroup,
} from "@treehouse/protocol";

import type { Cursor } from "../../storage/index.ts";
import { enterAgain } from "../entering/index.ts";
import { awaitsReturn, isOfOwnLeaf } from "../health/index.ts";
import { fitsMove } from "../moves/moved-entry.ts";
import { forgetGroup, type GroupsContext, type Room, writeWithGroup } from "../room/index.ts";
import { type Applied, applyEntry } from "./apply-entry.ts";
import { commitEntry, type CommitWrite } from "./commit-entry.ts";

/** What a crash has a client do once more, and for how long a room is busy with what came. */
const togetherMax = 32;

type Following = { readonly entry: CommitEntry; readonly cursor: Cursor };

/**
 * Applies entries of the room's stream that have come already, in order; answers for each what came of
 * it, and stops at `again`. A row of commits that nothing is strange about is one transaction: of the
 * epochs between only what late messages need is ever written. If anything is strange after all, each
 * of them is applied by itself, as if it had come alone. Runs in the room's `serial`.
 */
export async function applyEntries(
  context: GroupsContext,
  room: Room,
  list: readonly Bytes[],
): Promise<readonly Applied[]> {
  const done: Applied[] = [];
  let aloneUntil = 0;
  while (done.length < list.length) {
    if (done.length >= aloneUntil) {
      const together = await followingCommits(context, room, list.slice(done.length));
      const count = await applyTogether(context, room, together);
      done.push(...together.slice(0, count).map(() => "applied" as const));
      if (count > 0) continue;
      aloneUntil = done.length + together.length;
    }
    const next = list[done.length];
    if (next === undefined) break;
    const applied = await applyEntry(context, room, next);
    done.push(applied);
    if (applied === "again") break;
  }
  return done;
}

/** The commits at the front that follow on what is stored and on one another; none, if anything is amiss. */
async function followingCommits(
  context: GroupsContext,
  room: Room,
  list: readonly Bytes[],
): Promise<readonly Following[]> {
  const { group } = room;
  if (list.length < 2 || group === undefined || isAmiss(room)) return [];
  const { generation } = roomOfGroup(group.group);
  const isShared = context.copies.shares(room.uri);
  const found: Following[] = [];
  let { cursor } = room;
  for (const bytes of list.slice(0, togetherMax)) {
    const entry = decoded(bytes);
    if (entry?.kind !== "commit" || entry.room !== room.uri) break;
    if (entry.generation !== generation || entry.term !== room.hub.term) break;
    if (entry.position !== cursor.position + 1 || !fitsMove(room, entry)) break;
    if (cursor.hash.length === 0 || !equalBytes(entry.previous, cursor.hash)) break;
    if (isShared && isOfOwnLeaf(context, group, entry)) break;
    const hash = chainHashOf(entry, bytes, context.member.crypto.hash);
    cursor = { stream: room.uri, position: entry.position, hash };
    found.push({ entry, cursor });
  }
  if (found.length < 2) return [];
  const isReturning = await context.store.transaction((tx) => awaitsReturn(tx, room.uri));
  return isReturning ? [] : found;
}

/** Then each entry is looked at by itself. */
function isAmiss({ forked, lost, trouble, halt, passing, late, rollback }: Room): boolean {
  return forked || lost || (trouble ?? halt ?? passing ?? late ?? rollback) !== undefined;
}

function decoded(bytes: Bytes): Entry | undefined {
  try {
    return decodeEntry(bytes);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** How many were applied: none, if one of them cannot be. */
async function applyTogether(
  context: GroupsContext,
  room: Room,
  commits: readonly Following[],
): Promise<number> {
  if (commits.length === 0) return 0;
  const writes: { readonly write: CommitWrite; readonly cursor: Cursor }[] = [];
  try {
    for (const { entry, cursor } of commits) {
      const write = await commitEntry(context, room, entry, cursor.hash);
      writes.push({ write, cursor });
      if (write.last) break;
    }
  } catch (error) {
    // What it is shows when they are applied one by one, from what is stored.
    context.env.log.info("entries.apart", { error: String(error) });
    forgetGroup(room);
    return 0;
  }
  const last = writes.at(-1);
  if (last === undefined) return 0;
  // What a loss of power takes comes again: the server keeps it until it is acknowledged.
  await writeWithGroup(
    context,
    room,
    (tx) => {
      for (const { write } of writes) write.rows(tx);
      tx.cursors.set(last.cursor);
    },
    "soon",
  );
  for (const { write, cursor } of writes) {
    room.cursor = cursor;
    write.after();
  }
  if (last.write.left) await enterAgain(context, room);
  return writes.length;
}
