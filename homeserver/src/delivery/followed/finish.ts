import { equalBytes, signedHeadCodec } from "@treehouse/protocol";
import type { SignedHead } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { BatchEnd, FollowedContext } from "./context.ts";
import type { PreparedBatch, TouchedRoom } from "./prepare.ts";
import { contradicts, termOf } from "./place.ts";
import { freeze, readRoom } from "./receive.ts";
import type { FollowedHead } from "./store.ts";

/**
 * Compares the heads that came with what is here, writes where each room stands, and tells after
 * COMMIT which rooms miss something.
 */
export async function finishBatch(
  context: FollowedContext,
  tx: Tx,
  batch: PreparedBatch,
  { onBehind, onComing, onSuccessor, onStopped }: BatchEnd,
): Promise<void> {
  const { store, followed } = context;
  for (const { signed, hubKey } of batch.heads) {
    const touched = await roomOf(context, tx, batch, signed);
    if (touched === undefined || touched.room.hub !== batch.peer) continue;
    if (equalBytes(touched.room.hubKey, hubKey)) compare(context, touched, signed);
  }
  tx.afterCommit(() => {
    for (const room of batch.successors) onSuccessor(room, batch.peer);
  });
  for (const touched of batch.touched.values()) {
    const { room, moved } = touched;
    const head = moved === true ? behindNewHub(touched.head) : touched.head;
    await store.moveFollowed(tx, room.id, head);
    const signedHead = touched.signedHead && signedHeadCodec.encode(touched.signedHead);
    if (signedHead !== undefined) await store.keepFollowedHead(tx, room.id, signedHead);
    tx.afterCommit(() => {
      // What another transaction of this group kept is newer than what was read before it.
      const newest = signedHead ?? followed.peek(room.room)?.signedHead ?? room.signedHead;
      followed.put({ ...room, head, signedHead: moved === true ? undefined : newest });
      if (head.frozen && !room.head.frozen) onStopped(room.room);
      if (moved === true && room.hub === context.domain) onComing(room.room);
      if (head.seen > head.position && !head.frozen) onBehind(room.room, room.hub);
    });
  }
}

/** What the new hub has sent before it was known here as the hub was refused (`notHub`): it is asked for that. */
function behindNewHub(head: FollowedHead): FollowedHead {
  return { ...head, seen: Math.max(head.seen, head.position + 1) };
}

async function roomOf(
  context: FollowedContext,
  tx: Tx,
  { touched }: PreparedBatch,
  { head: { room: name } }: SignedHead,
): Promise<TouchedRoom | undefined> {
  const known = touched.get(name);
  if (known !== undefined) return known;
  const added = await readRoom(context, tx, name);
  if (added !== undefined) touched.set(name, added);
  return added;
}

/** A head at our own position says the same as we have; one beyond it, that something is missing. */
function compare(context: FollowedContext, touched: TouchedRoom, signed: SignedHead): void {
  const { head } = touched;
  const theirs = signed.head;
  if (theirs.term < termOf(touched) || head.frozen) return;
  if (theirs.term === head.term && theirs.position === head.position && head.hash.length > 0) {
    if (!equalBytes(theirs.hash, head.hash)) {
      freeze(context, touched, "hubForked");
      return;
    }
  }
  // Of two heads for one place one is a lie, wherever the log here stands.
  const { newest } = touched;
  if (newest !== undefined && contradicts(newest, theirs)) {
    freeze(context, touched, "hubForked");
    return;
  }
  if (theirs.position > head.position) {
    touched.head = { ...head, seen: Math.max(head.seen, theirs.position) };
  }
  if (newest !== undefined && !isNewer(theirs, newest)) return;
  touched.signedHead = signed;
  touched.newest = theirs;
}

function isNewer(one: SignedHead["head"], other: SignedHead["head"]): boolean {
  return one.term > other.term || (one.term === other.term && one.position > other.position);
}
