import {
  type Bytes,
  chainHashOf,
  type CommitEntry,
  decodeEntry,
  decodeEntryHeader,
  type Entry,
  type EntryHeader,
  equalBytes,
  type MlsFraming,
  peekMlsMessage,
  Refusal,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";

import { type RoomStatus, StoreFault } from "../../storage/index.ts";
import {
  type GroupsContext,
  type Room,
  writeWithGroup,
  type EntryWrite,
  fault,
  nothing,
  tellFault,
  ForbiddenCommit,
  haltAt,
  loadGroup,
  ownEntryBehind,
} from "../room/index.ts";
import { commitEntry, ownEntry, propose } from "./commit-entry.ts";
import { enterAgain, supersede } from "../entering/index.ts";
import { noteBegun } from "../generations/note-begun.ts";
import {
  isOfOtherFork,
  isOfLostKeys,
  noteReport,
  observe,
  otherForkText,
  passedOver,
  troubleOf,
  voidEntry,
  writeSuspect,
} from "../health/index.ts";
import { knockEntry } from "../joining/index.ts";
import { restoredEntry } from "./restored-entry.ts";
import { changes, passBy } from "./own-place.ts";
import { roomEnded } from "./room-ended.ts";
import { fitsMove, movedEntry } from "../moves/moved-entry.ts";
import { messageEntry } from "./message-entry.ts";
import { decodeDetails } from "../about/index.ts";

/** `again`: an entry before this one is missing; read the stream again from the cursor. */
export type Applied = "applied" | "again";

/**
 * Applies one entry of the room's stream: MLS first, then one transaction with the ratchet rows,
 * what was read and the cursor. An entry that cannot be used becomes a fault in the history, and
 * the stream goes on (T-41). Runs in the room's `serial`.
 */
export async function applyEntry(
  context: GroupsContext,
  room: Room,
  bytes: Uint8Array,
): Promise<Applied> {
  const isLost = room.lost && !isStuck(room);
  const applied = isLost ? "applied" : await take(context, room, bytes);
  const header = decodeEntryHeader(bytes);
  if (room.lost) noteUnread(room, header);
  if (header.kind === "commit" && header.position > room.cursor.position) {
    noteOut(context, room, bytes);
  }
  return applied;
}

/** What was said and cannot be read; and from then on all that comes behind it. */
function noteUnread(room: Room, { kind, ephemeral, position }: EntryHeader): void {
  const isSaid = kind === "application" && !ephemeral && position > room.cursor.position;
  if (isSaid || room.unreadTo !== undefined) {
    room.unreadTo = Math.max(room.unreadTo ?? 0, position);
  }
}

/** That this client is out can be read also by who can apply nothing. */
function noteOut({ self }: GroupsContext, room: Room, bytes: Uint8Array): void {
  const entry = decodeEntry(bytes);
  if (changes(entry, self.client, "removed")) room.outAt = entry.position;
}

async function take(context: GroupsContext, room: Room, bytes: Uint8Array): Promise<Applied> {
  const entry = decodeEntry(bytes);
  if (isStuck(room)) {
    // What the room's members could not take is over where its owners begin anew.
    if (entry.room === room.uri && (await noteBegun(context, room, entry, bytes))) {
      Object.assign(room, { forked: false, halt: undefined, trouble: undefined, lost: true });
    } else if (room.trouble !== undefined && !room.forked) {
      await observe(context, room, room.trouble, bytes);
    }
    return "applied";
  }
  if (room.halt !== undefined) return "applied";
  if (entry.room !== room.uri || entry.position <= room.cursor.position) return "applied";
  const status = await statusOf(context, room);
  if (status === "removed" || status === undefined) {
    const entering = room.late === undefined ? await enterAgain(context, room) : "waits";
    if (room.late !== undefined) room.late.passedOver = true;
    if (entering === "done") return take(context, room, bytes);
    if (entering === "waits") return "applied";
  }
  if (status === "removed") {
    // Whoever is added again by a Welcome does not read the commit that adds it: this one is lost.
    room.lost = changes(entry, context.self.client, "added");
    if (changes(entry, context.self.client, "removed")) await passBy(context, room, entry);
    return "applied";
  }
  if (status === undefined) {
    // The hub counts this client in, but the Welcome could not be used.
    room.lost = true;
    return "applied";
  }
  if (entry.position > room.cursor.position + 1) {
    const superseded = await supersede(context, room, entry.position - 1);
    if (superseded) return take(context, room, bytes);
    if (room.readAgainFrom !== room.cursor.position) {
      room.readAgainFrom = room.cursor.position;
      return "again";
    }
    // It does not come: since this store was copied its client came in anew, behind it (FED-1111).
    room.lost = true;
    room.unreadTo = entry.position;
    return "applied";
  }
  const cursor = {
    stream: room.uri,
    position: entry.position,
    hash: chainHashOf(entry, bytes, context.member.crypto.hash),
  };
  const own = await context.store.transaction((tx) => ownEntryBehind(tx, room.cursor));
  if (!follows(room, entry, { own, hash: cursor.hash })) {
    room.forked = true;
    tellFault(context, room, entry, "forkDetected", forkText);
    return "applied";
  }
  if (entry.kind === "commit" && (await isOfLostKeys(context, room, entry))) {
    room.lost = true;
    return "applied";
  }
  if (await noteBegun(context, room, entry, bytes)) {
    room.lost = true;
    return "applied";
  }
  const write =
    own === undefined
      ? (passedOver(context, room, entry) ??
        (await prepareWrite(context, room, entry, cursor.hash)))
      : await ownEntry(context, room, entry);
  if (write === "halted") return "applied";
  if (write === "lost") {
    room.lost = true;
    return "applied";
  }
  // What a loss of power takes comes again: the server keeps it until it is acknowledged.
  await writeWithGroup(
    context,
    room,
    (tx) => {
      write.rows(tx);
      tx.cursors.set(cursor);
    },
    "soon",
  );
  room.cursor = cursor;
  write.after();
  if (write.left) await enterAgain(context, room);
  return "applied";
}

/** Whether an entry stands in the log behind what was read, or is the one by which this client came in. */
function follows(
  room: Room,
  entry: Entry,
  { own, hash }: { readonly own: Bytes | undefined; readonly hash: Bytes },
): boolean {
  // A hub never goes back to a term before one that it has declared (FED-957).
  if (entry.term < room.hub.term || !fitsMove(room, entry)) return false;
  if (own !== undefined) return equalBytes(hash, own);
  const before = room.cursor.hash;
  return before.length === 0 || equalBytes(entry.previous, before);
}

/** Whether nothing of the group's log is applied any more; what waits for a newer program is another thing. */
function isStuck({ forked, trouble, halt }: Room): boolean {
  return forked || (halt?.state !== "paused" && (trouble !== undefined || halt !== undefined));
}

async function statusOf(context: GroupsContext, room: Room): Promise<RoomStatus | undefined> {
  if (room.group !== undefined) return "joined";
  return context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
}

/**
 * `lost`: this entry tells that the group cannot follow. `halted`: this client refuses it. In both the
 * cursor stays before it.
 */
async function prepareWrite(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  hash: Bytes,
): Promise<EntryWrite | "lost" | "halted"> {
  try {
    switch (entry.kind) {
      case "application":
        return await messageEntry(context, room, entry);
      case "commit":
        return await commitEntry(context, room, entry, hash);
      case "proposal":
        for (const message of entry.proposals) await propose(context, room, entry, message);
        return nothing;
      case "tombstone":
        if (entry.reason === TOMBSTONE_REASONS.restored) {
          return await restoredEntry(context, room, entry);
        }
        if (entry.reason === TOMBSTONE_REASONS.moved) return await movedEntry(context, room, entry);
        if (isEnd(entry.reason)) return await roomEnded(context, room, entry);
        return fault(context, room, entry, "tombstone", "The hub could not deliver this entry.");
      case "knock":
        return await knockEntry(context, room, entry);
      case "void":
        return await voidEntry(context, room, entry);
      case "report":
        await noteReport(context, room, entry);
        return nothing;
    }
  } catch (error) {
    if (error instanceof StoreFault) {
      room.group = undefined;
      throw error;
    }
    if (error instanceof ForbiddenCommit) {
      haltAt(context, room, entry.position, error);
      if (entry.kind === "commit") await noteForbidden(context, room, entry, hash);
      return "halted";
    }
    // Whatever octets an entry holds, it must not block the stream, even by a bug of ours (T-41).
    if (!(error instanceof Refusal)) room.group = undefined;
    const text = error instanceof Error ? error.message : String(error);
    if (entry.kind === "commit") {
      await noteTrouble(context, room, entry, hash, text);
      return "lost";
    }
    if (entry.kind !== "application") return fault(context, room, entry, "entryInvalid", text);
    return unreadable(context, room, entry, text);
  }
}

/** The commit of the own epoch may be one that nobody can apply: then it will be void. */
async function noteTrouble(
  context: GroupsContext,
  room: Room,
  entry: CommitEntry,
  hash: Bytes,
  text: string,
): Promise<void> {
  const group = await loadGroup(context, room);
  const isOurs = entry.epoch === group.epoch;
  if (isOurs) room.trouble = troubleOf(context, group, entry, hash);
  const next = room.trouble?.mayBeVoid === true ? askText : rejoinText;
  tellFault(context, room, entry, "commitInvalid", `${text} ${next}`);
}

/** Others refuse it as well: with their word and this client's the hub may take it back (FED-1112). */
async function noteForbidden(
  context: GroupsContext,
  room: Room,
  entry: CommitEntry,
  hash: Bytes,
): Promise<void> {
  if (room.halt?.state !== "refused") return;
  const group = await loadGroup(context, room);
  if (entry.epoch === group.epoch) room.trouble = troubleOf(context, group, entry, hash);
}

function isEnd(reason: number): boolean {
  return reason === TOMBSTONE_REASONS.ended || reason === TOMBSTONE_REASONS.deleted;
}

/** A message of an epoch that is not held: from before this client came, or from after it got lost. */
async function unreadable(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "application" },
  text: string,
): Promise<EntryWrite | "lost"> {
  const group = await loadGroup(context, room);
  const framing = framingOf(entry.message);
  if (framing === undefined) return fault(context, room, entry, "undecryptable", text);
  const { epoch, authenticatedData } = framing;
  if (isOfOtherFork(room, epoch, authenticatedData)) return suspectFork(context, room, entry);
  if (epoch > group.epoch) {
    tellFault(context, room, entry, "undecryptable", `${text} ${rejoinText}`);
    return "lost";
  }
  const row = await context.store.transaction((tx) => tx.rooms.get(room.uri));
  if (row !== undefined && epoch < decodeDetails(row.details).joinedEpoch) return nothing;
  return fault(context, room, entry, "undecryptable", text);
}

/** The room's keys differ between those who say to be in one epoch of it (T-15). */
function suspectFork(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "application" },
): EntryWrite {
  const told = fault(context, room, entry, "forkSuspected", otherForkText);
  const epoch = room.group?.epoch ?? 0;
  return {
    left: false,
    rows(tx) {
      told.rows(tx);
      writeSuspect(tx, room.uri, epoch);
    },
    after() {
      room.suspect = epoch;
      told.after();
    },
  };
}

/** Undefined when it cannot be read. */
function framingOf(message: Bytes): (MlsFraming & { wireFormat: "private" }) | undefined {
  try {
    const peeked = peekMlsMessage(message);
    return peeked.wireFormat === "private" ? peeked : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const forkText =
  "The server's log of this room does not follow from what it sent before. Nothing more is read.";
const askText = "The others are asked.";
const rejoinText = "Coming back into the conversation by a commit of its own.";
