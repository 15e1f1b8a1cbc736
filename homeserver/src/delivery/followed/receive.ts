import {
  applyLeafChanges,
  equalBytes,
  Refusal,
  rosterHash,
  signedHeadCodec,
} from "@treehouse/protocol";
import type {
  CommitEntry,
  Entry,
  RefusalCode,
  RoomUri,
  Roster,
  SignedHead,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { sha256 } from "../sha256.ts";
import type { FollowedContext } from "./context.ts";
import { enterRoom, isIntroduced } from "./enter-room.ts";
import { changeSubscriptions } from "./members.ts";
import { lastKnown, lastNamed } from "./last-known.ts";
import type { PreparedBatch, PreparedItem, TouchedRoom } from "./prepare.ts";
import { takeRoster } from "./take-roster.ts";

export type Verdict = { readonly rejected?: RefusalCode };

const taken: Verdict = {};

export type EntryItem = Extract<PreparedItem, { readonly kind: "entry" }>;

/**
 * Takes one entry of a batch, in the batch's transaction (FED-950). It is stored if the sender is
 * the room's hub and the entry follows what is here; what is here already is passed over; what
 * runs ahead is noted, and what lies between is asked for after the transaction.
 */
export async function receiveEntry(
  context: FollowedContext,
  tx: Tx,
  batch: PreparedBatch,
  item: PreparedItem,
): Promise<Verdict> {
  if (item.kind === "rejected") return { rejected: item.code };
  const { entry } = item;
  const touched = await touch(context, tx, batch, item);
  if ("rejected" in touched) return touched;
  if (entry.ephemeral) {
    const { room, position } = entry;
    const bytes = item.delivery.entry;
    await context.roomLog.append(tx, { room, position, bytes, handshake: false, ephemeral: true });
    return taken;
  }
  return place(context, tx, batch, item, touched);
}

async function touch(
  context: FollowedContext,
  tx: Tx,
  batch: PreparedBatch,
  item: EntryItem,
): Promise<TouchedRoom | { readonly rejected: RefusalCode }> {
  const { entry } = item;
  let touched = batch.touched.get(entry.room);
  touched ??= await readRoom(context, tx, entry.room);
  if (touched === undefined || (await isIntroduced(context, tx, touched, item))) {
    const entered = await enterRoom(context, tx, batch, item, touched);
    if ("rejected" in entered) return entered;
    touched = entered;
  }
  batch.touched.set(entry.room, touched);
  if (touched.room.hub !== batch.peer) {
    context.count("notHub");
    return { rejected: "notHub" };
  }
  if (touched.head.frozen) return { rejected: "conflict" };
  return touched;
}

/** What is known of a room, with its head as this transaction finds it. */
export async function readRoom(
  { store, followed }: Pick<FollowedContext, "store" | "followed">,
  tx: Tx,
  name: RoomUri,
): Promise<TouchedRoom | undefined> {
  const cached = followed.peek(name);
  const room = cached ?? (await store.followedRoom(tx, name));
  if (room === undefined) return undefined;
  const head = cached === undefined ? room.head : await store.followedHead(tx, room.id);
  if (head === undefined) return undefined;
  const newest = room.signedHead && signedHeadCodec.decode(room.signedHead).head;
  return { room, head, newest, signedHead: undefined };
}

/** Whether two claims of what stands at one place differ (FED-211). */
export function contradicts(
  one: Pick<SignedHead["head"], "term" | "position" | "hash">,
  other: Pick<SignedHead["head"], "term" | "position" | "hash">,
): boolean {
  const same = one.term === other.term && one.position === other.position;
  return same && !equalBytes(one.hash, other.hash);
}

async function place(
  context: FollowedContext,
  tx: Tx,
  batch: PreparedBatch,
  item: EntryItem,
  touched: TouchedRoom,
): Promise<Verdict> {
  const { entry, hash } = item;
  const { head } = touched;
  if (entry.term < head.term) {
    // FED-955: whoever says this ordered the room once, and does not any more.
    context.count("staleTerm");
    return { rejected: "staleTerm" };
  }
  if (entry.position <= head.position) return taken;
  const newTerm = entry.term > head.term;
  const proof = newTerm ? proofOf(batch, touched, entry) : undefined;
  if (newTerm && proof === undefined) {
    context.count("staleTerm");
    return { rejected: "staleTerm" };
  }
  if (proof !== undefined) {
    if (!batch.holes && !follows(entry, head) && (lastNamed(entry) ?? Infinity) > head.position) {
      // The hub may have more of the old term than we: asked for it, it says whether.
      touched.head = { ...head, seen: Math.max(head.seen, entry.position) };
      return taken;
    }
    const after = await lastKnown(context, tx, touched, entry);
    const restored = { head: signedHeadCodec.encode(proof), after };
    await context.roomLog.jumpTo(tx, entry.room, entry.position - 1, restored);
  } else if (batch.holes && entry.position > head.position + 1) {
    await context.roomLog.jumpTo(tx, entry.room, entry.position - 1);
  } else if (entry.position > head.position + 1) {
    touched.head = { ...head, seen: Math.max(head.seen, entry.position) };
    return taken;
  } else if (!follows(entry, head)) {
    return freeze(context, touched, "hubForked");
  }
  const { newest } = touched;
  if (newest !== undefined && contradicts(newest, { ...entry, hash })) {
    return freeze(context, touched, "hubForked");
  }
  if (entry.kind === "commit") {
    const roster = await rosterAfter(context, tx, touched, entry);
    if (roster !== undefined) {
      await context.store.changeFollowedRoster(tx, touched.room.id, entry.leafChanges);
    } else if (!(await takeRoster(context, tx, touched, item, entry))) {
      return freeze(context, touched, "rosterInvalid");
    }
  }
  await context.roomLog.append(tx, {
    room: entry.room,
    position: entry.position,
    bytes: item.delivery.entry,
    handshake: entry.kind !== "application",
    ephemeral: false,
  });
  if (entry.kind === "commit") {
    await changeSubscriptions(context, tx, touched.room, item, entry);
    const { groupInfo } = item.delivery;
    if (groupInfo !== undefined) {
      await context.store.keepFollowedGroupInfo(tx, touched.room.id, groupInfo);
    }
  }
  touched.head = {
    ...head,
    term: entry.term,
    epoch: entry.kind === "commit" ? entry.epoch + 1 : head.epoch,
    position: entry.position,
    hash,
    seen: Math.max(head.seen, entry.position),
  };
  return taken;
}

/** Whether the entry names the last one that is here, if that is known. */
function follows({ previous }: Entry, { hash }: TouchedRoom["head"]): boolean {
  return hash.length === 0 || equalBytes(previous, hash);
}

/** A term may rise only with a head of that term, signed by the room's hub key (FED-956). */
function proofOf(
  batch: PreparedBatch,
  { room }: TouchedRoom,
  { term }: Entry,
): SignedHead | undefined {
  return batch.heads.find(
    ({ signed, hubKey }) =>
      signed.head.room === room.room &&
      signed.head.term === term &&
      equalBytes(hubKey, room.hubKey),
  )?.signed;
}

/** Undefined when the hub's changes and its hash do not agree (FED-207). */
async function rosterAfter(
  { store }: FollowedContext,
  tx: Tx,
  { room }: TouchedRoom,
  entry: CommitEntry,
): Promise<Roster | undefined> {
  try {
    const after = applyLeafChanges(await store.followedRoster(tx, room.id), entry.leafChanges);
    return equalBytes(rosterHash(after, sha256), entry.rosterHash) ? after : undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** Two stories of one hub: nothing more of this room is believed until an operator looks. */
export function freeze(
  context: FollowedContext,
  touched: TouchedRoom,
  reason: "hubForked" | "rosterInvalid",
): Verdict {
  context.count(reason);
  context.env.log.error("roomFrozen", { room: touched.room.room, reason });
  touched.head = { ...touched.head, frozen: true };
  return { rejected: "conflict" };
}
