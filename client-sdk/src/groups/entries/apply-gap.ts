import {
  decodeRoomState,
  equalBytes,
  Refusal,
  type GapReason,
  type Head,
  type SignedHead,
  verifyHead,
} from "@treehouse/protocol";

import {
  type GroupsContext,
  type Rollback,
  type Room,
  dropWishes,
  writeWithGroup,
  tellFaultAt,
  withSetBack,
  writeHubRecord,
  loadGroup,
  isHidden,
} from "../room/index.ts";
import { noteReplaced } from "../generations/note-begun.ts";
import { lostMessages, finishPassed, passPending } from "../saying/index.ts";

/** Positions of a room's stream that will never come. */
export type RoomGap = {
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
  /** With `restored`: what the hub is said to have declared. */
  readonly head: SignedHead | undefined;
};

/** Goes on behind a gap. Runs in the room's `serial`. */
export async function applyGap(context: GroupsContext, room: Room, gap: RoomGap): Promise<void> {
  if (gap.to <= room.cursor.position || room.forked || room.halt !== undefined) return;
  const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
  // Added again by an entry that it has: its return tells of all that lies between.
  if (status === "removed" && room.lost) return;
  if (gap.reason !== "restored" || status !== "joined") {
    const leave = gap.reason === "restored" && (status === "left" || status === "removed");
    await moveBehind(context, room, gap, { leave, doubt: status === "joined" });
    return;
  }
  if (await noteReplaced(context, room, gap.head)) {
    // The cursor stays: after a crash the gap comes again and says the same.
    room.lost = true;
    return;
  }
  const head = await declaredHead(context, room, gap);
  if (head === undefined) {
    tellFaultAt(context, room, gap.from, "restoreUnproven", unprovenText);
    await moveBehind(context, room, gap, { leave: false, doubt: true });
    return;
  }
  const rollback = { cause: "restore" as const, from: gap.from, to: gap.to, head };
  if (await holdsOther(context, room, gap, head)) {
    // The cursor stays: after a crash the gap comes again and says the same.
    room.rollback = rollback;
    room.lost = true;
    return;
  }
  await goOn(context, room, rollback);
}

/**
 * `leave`: this client is out, or asked to be, and a server that forgot it counts it in again. Its
 * keys go now, and it asks once more. `doubt`: what is lost may be more than messages.
 */
async function moveBehind(
  context: GroupsContext,
  room: Room,
  { from, to, reason }: RoomGap,
  { leave, doubt }: { readonly leave: boolean; readonly doubt: boolean },
): Promise<void> {
  const record = doubt ? { ...room.hub, doubt: to } : room.hub;
  const cursor = { stream: room.uri, position: to, hash: new Uint8Array() };
  const { hidden, tellDropped } = await context.store.transaction((tx) => {
    tx.cursors.set(cursor);
    if (doubt) writeHubRecord(tx, room.uri, record);
    tx.senderChains.loosen(room.uri);
    passPending(tx, room.uri, context.self.client);
    finishPassed(context, room, tx, to);
    if (leave) {
      tx.rooms.setStatus(room.uri, "removed");
      tx.rooms.deleteGroup(room.uri);
      const wish = { kind: "leave" as const, createdAt: context.env.now(), body: new Uint8Array() };
      const isAsked = tx.intents.list(room.uri).some(({ kind }) => kind === "leave");
      if (!isAsked) tx.intents.add({ room: room.uri, ...wish });
    }
    const told = leave ? dropWishes(tx, room, "leave") : undefined;
    return { hidden: isHidden(tx, room.uri), tellDropped: told };
  });
  room.cursor = cursor;
  room.hub = record;
  // What becomes of a commit that it could not apply is for those who are in.
  if (leave) Object.assign(room, { group: undefined, trouble: undefined, passing: undefined });
  if (!hidden) context.events.emit("gap", { stream: room.uri, from, to, reason });
  tellDropped?.(context, new Refusal("removed", "this client has left the conversation"));
}

/**
 * The head by which the room's own hub declares that it went back: of a higher term than any that
 * this client has seen, under the key that the group names. Nothing less is leave to go back behind
 * the own epoch (T-20, FED-957).
 */
async function declaredHead(
  context: GroupsContext,
  room: Room,
  { to, head: signed }: RoomGap,
): Promise<Head | undefined> {
  if (signed === undefined) return undefined;
  const group = await loadGroup(context, room);
  const { hubKey, term } = decodeRoomState(group.roomState());
  const { head } = signed;
  const { crypto } = context.member;
  const declares =
    hubKey !== undefined &&
    head.room === room.uri &&
    head.term > Math.max(term, room.hub.term) &&
    head.position >= to &&
    verifyHead(signed, hubKey, (key, message, signature) => crypto.verify(key, message, signature));
  return declares ? head : undefined;
}

/**
 * Whether this group is of an epoch that the hub no longer knows, or knows otherwise: also of one that
 * it has had again since, under the same number, where the head is of later and this client has read
 * what was forgotten. A removal that is pending here may be one that the hub forgot: then it would take
 * no commit that carries it out.
 */
async function holdsOther(
  context: GroupsContext,
  room: Room,
  { from }: RoomGap,
  head: Head,
): Promise<boolean> {
  const group = await loadGroup(context, room);
  if (group.epoch > head.epoch) return true;
  if (group.epoch < head.epoch) return room.cursor.position >= from;
  return group.pendingRemovals.length > 0 || !equalBytes(group.treeHash(), head.treeHash);
}

/** The group is what the hub has: only messages were lost, and this client's go out again. */
async function goOn(context: GroupsContext, room: Room, rollback: Rollback): Promise<void> {
  const { from, to, head } = rollback;
  const hash = head.position === to ? head.hash : new Uint8Array();
  const cursor = { stream: room.uri, position: to, hash };
  const setBack = { from, at: context.env.now() };
  const record = { ...withSetBack(room.hub, setBack), term: head.term };
  const undone = await context.store.transaction((tx) =>
    tx.intents
      .list(room.uri)
      .filter(({ kind, status }) => kind !== "send" && kind !== "leave" && status === "accepted")
      // What it has taken since is not forgotten: its answer was faster than the word of the restore.
      .filter(({ accepted }) => accepted === undefined || accepted.position <= to),
  );
  const { ids, hidden } = await writeWithGroup(context, room, (tx) => {
    const lost = lostMessages(context, room, tx, rollback);
    lost.sendAgain(tx);
    // A commit of this client that was accepted and not echoed is lost like everything of that time, and
    // fits still: it goes out once more as it is, since another copy of it may be on its way (FED-225).
    for (const { serial, request, requestHash } of undone) {
      if (request === undefined || requestHash === undefined) tx.intents.reset(serial);
      else tx.intents.submit(serial, request, requestHash);
    }
    tx.senderChains.loosen(room.uri);
    passPending(tx, room.uri, context.self.client);
    tx.cursors.set(cursor);
    writeHubRecord(tx, room.uri, record);
    return { ids: lost.ids, hidden: isHidden(tx, room.uri) };
  });
  room.cursor = cursor;
  room.hub = record;
  if (hidden) return;
  context.events.emit("gap", { stream: room.uri, from, to, reason: "restored" });
  if (ids.length === 0) return;
  context.events.emit("lostByServer", { room: room.uri, messages: ids, sentAgain: true });
}

const unprovenText =
  "A server says that this conversation was set back, and shows no word of its hub for it.";
