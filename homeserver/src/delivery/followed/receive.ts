import {
  applyLeafChanges,
  equalBytes,
  readBegun,
  readMoved,
  Refusal,
  rosterHash,
  signedHeadCodec,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import type { Entry, RefusalCode, RoomUri, Roster, SignedHead } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import { enterRoom, isIntroduced } from "./enter-room.ts";
import { followGeneration } from "./begun.ts";
import { changeSubscriptions } from "./members.ts";
import type { MembershipEntry } from "./members.ts";
import { lastKnown } from "./last-known.ts";
import { endRoom, forgetIfAway } from "./leave-room.ts";
import { followNewHub, isNamed } from "./new-hub.ts";
import { placeOf } from "./place.ts";
import type { Place } from "./place.ts";
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
  // FED-862: what is durable carries nothing that is not.
  if (item.entry.ephemeral) return { rejected: "malformed" };
  if (item.succession !== undefined) {
    batch.touched.delete(item.entry.room);
    const isTaken = await context.successions.take(tx, item.succession);
    return isTaken ? taken : { rejected: "notHub" };
  }
  const touched = await touch(context, tx, batch, item);
  if ("rejected" in touched) return touched;
  return take(context, tx, batch, item, touched);
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
    if (entry.term > touched.head.term) batch.successors.add(entry.room);
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

async function take(
  context: FollowedContext,
  tx: Tx,
  batch: PreparedBatch,
  item: EntryItem,
  touched: TouchedRoom,
): Promise<Verdict> {
  const { entry } = item;
  const proof = entry.term > touched.head.term ? proofOf(batch, touched, entry) : undefined;
  const place = placeOf(touched, { entry, hash: item.hash, holes: batch.holes, proof });
  switch (place.kind) {
    case "known":
      return taken;
    case "ahead":
      return passOver(touched, entry);
    case "stale":
      if (await isHere(context, tx, touched, item)) return taken;
      context.count("staleTerm");
      return { rejected: "staleTerm" };
    case "forked":
      return freeze(context, touched, "hubForked");
    case "next":
    case "behindHole":
    case "behindStep":
      break;
  }
  const changes = entry.kind === "commit" || entry.kind === "void" ? entry : undefined;
  if (changes && !(await changeRoster(context, tx, touched, item, changes))) {
    if (batch.introduced) return freeze(context, touched, "rosterInvalid");
    // A commit may be missing here that was taken for good: the hub is asked who is in the room.
    touched.wantsIntroduction = true;
    return passOver(touched, entry);
  }
  const named = readMoved(entry);
  if (named !== undefined && !(await isNamed(context, tx, entry, named))) {
    return freeze(context, touched, "hubForked");
  }
  await jump(context, tx, touched, entry, place);
  await write(context, tx, touched, item);
  if (named !== undefined) {
    await followNewHub(context, tx, batch, touched, { named, term: entry.term });
  }
  return taken;
}

/**
 * Whether just these octets stand there. What a restored hub had sent in its term before, and knows
 * of no answer to, comes once more behind that of the new term (FED-955).
 */
async function isHere(
  { roomLog }: FollowedContext,
  tx: Tx,
  { room, head }: TouchedRoom,
  { entry: { position }, delivery }: EntryItem,
): Promise<boolean> {
  if (position > head.position) return false;
  const { entries } = await roomLog.readLog(tx, room.room, {
    after: position - 1,
    upTo: position,
  });
  const [known] = entries;
  return known !== undefined && equalBytes(known.bytes, delivery.entry);
}

/** Notes that something is missing, which is asked for after the transaction. */
function passOver(touched: TouchedRoom, { position }: Entry): Verdict {
  const { head } = touched;
  touched.head = { ...head, seen: Math.max(head.seen, position) };
  return taken;
}

async function jump(
  context: FollowedContext,
  tx: Tx,
  touched: TouchedRoom,
  entry: Entry,
  place: Place,
): Promise<void> {
  const to = entry.position - 1;
  if (place.kind === "behindHole") {
    await context.roomLog.jumpTo(tx, entry.room, to);
  } else if (place.kind === "behindStep") {
    const after = await lastKnown(context, tx, touched, entry);
    const head = signedHeadCodec.encode(place.proof);
    await context.roomLog.jumpTo(tx, entry.room, to, { head, after });
  }
}

/** Puts the entry at the end of what is here, with what follows from it. */
async function write(
  context: FollowedContext,
  tx: Tx,
  touched: TouchedRoom,
  item: EntryItem,
): Promise<void> {
  const { entry, hash, delivery } = item;
  const { head, room } = touched;
  await context.roomLog.append(tx, {
    room: entry.room,
    position: entry.position,
    bytes: delivery.entry,
    handshake: entry.kind !== "application",
  });
  if (entry.kind === "commit" || entry.kind === "void") {
    await changeSubscriptions(context, tx, room, item, entry);
    const { groupInfo } = delivery;
    if (groupInfo !== undefined) {
      await context.store.keepFollowedGroupInfo(tx, room.id, groupInfo);
    }
    await forgetIfAway(context, tx, room, entry);
  } else if (entry.kind === "tombstone" && isEnd(entry.reason)) {
    await endRoom(context, tx, room, entry);
  }
  const founder = readBegun(entry);
  if (entry.kind === "tombstone" && founder !== undefined) {
    const { groupInfo } = delivery;
    await followGeneration(context, tx, touched, { entry, founder, groupInfo });
  }
  touched.head = {
    ...head,
    term: entry.term,
    epoch: epochAfter(entry) ?? head.epoch,
    position: entry.position,
    hash,
    seen: Math.max(head.seen, entry.position),
  };
}

/** The epoch that goes on after an entry; undefined: that of before. */
function epochAfter(entry: Entry): number | undefined {
  if (entry.kind === "void") return entry.epoch;
  // A generation begins with epoch 0.
  if (readBegun(entry) !== undefined) return 0;
  return entry.kind === "commit" ? entry.epoch + 1 : undefined;
}

function isEnd(reason: number): boolean {
  return reason === TOMBSTONE_REASONS.ended || reason === TOMBSTONE_REASONS.deleted;
}

/** False if neither the commit's changes nor an introduction lead to the roster that it says. */
async function changeRoster(
  context: FollowedContext,
  tx: Tx,
  touched: TouchedRoom,
  item: EntryItem,
  entry: MembershipEntry,
): Promise<boolean> {
  const roster = await rosterAfter(context, tx, touched, entry);
  if (roster === undefined) return takeRoster(context, tx, touched, item, entry);
  await context.store.changeFollowedRoster(tx, touched.room.id, entry.leafChanges);
  return true;
}

/** A term may rise only with a head of that term, signed by the room's hub key, or after one (FED-956). */
function proofOf(
  batch: PreparedBatch,
  { room, signedHead }: TouchedRoom,
  { term }: Entry,
): SignedHead | undefined {
  const brought = batch.heads.find(
    ({ signed, hubKey }) =>
      signed.head.room === room.room &&
      signed.head.term === term &&
      equalBytes(hubKey, room.hubKey),
  )?.signed;
  if (brought !== undefined) return brought;
  const known = signedHead ?? (room.signedHead && signedHeadCodec.decode(room.signedHead));
  return known?.head.term === term ? known : undefined;
}

/** Undefined when the hub's changes and its hash do not agree (FED-207). */
async function rosterAfter(
  { store }: FollowedContext,
  tx: Tx,
  { room }: TouchedRoom,
  entry: MembershipEntry,
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
