import { type Entry, peekMlsMessage, Refusal, type VoidEntry } from "@treehouse/protocol";

import {
  type GroupsContext,
  type Rollback,
  type Room,
  type EntryWrite,
  entryRow,
  fault,
  nothing,
  tellFault,
  loadGroup,
  isHidden,
  describeEvent,
} from "../room/index.ts";
import { comeOnceMore } from "../joining/pending-join.ts";
import { isBorneOut, unprovenVoidText } from "./check-void.ts";

/** Entries that a void took back, with those between them: `from` is the commit, `through` the void. */
export type Passing = {
  readonly from: number;
  readonly through: number;
  /** The epoch that stands. */
  readonly epoch: number;
};

/** What a commit or its like comes to that was taken back; undefined: it is applied like any other. */
export function passedOver(
  context: GroupsContext,
  room: Room,
  entry: Entry,
): EntryWrite | undefined {
  const { passing } = room;
  if (passing === undefined || entry.position < passing.from) return undefined;
  if (entry.position > passing.through) return undefined;
  switch (entry.kind) {
    case "commit":
      return fault(context, room, entry, "commitVoid", voidText);
    case "void":
      return { ...nothing, after: () => passedAll(room, passing) };
    case "application":
      return epochOf(entry.message) > passing.epoch
        ? fault(context, room, entry, "undecryptable", saidInVoidText)
        : undefined;
    case "proposal":
      return entry.proposals.every((message) => epochOf(message) > passing.epoch)
        ? nothing
        : undefined;
    case "knock":
    case "report":
    case "tombstone":
      return undefined;
  }
}

function passedAll(room: Room, { epoch }: Passing): void {
  room.passing = undefined;
  // The hub has gone back to the epoch that this client is in.
  room.epochAtHub = 0;
  room.renewal = { epoch, wish: undefined };
}

/**
 * A void of what this client has applied, or of the commit by which it came. It comes back into the
 * epoch that stands, or is out. `lost`: the cursor stays before the void.
 */
export async function voidEntry(
  context: GroupsContext,
  room: Room,
  entry: VoidEntry,
): Promise<EntryWrite | "lost"> {
  const group = await loadGroup(context, room);
  const known = room.commits.get(entry.voided) ?? { hash: undefined, committer: undefined };
  if (!isBorneOut(context, group, entry, known)) {
    room.forked = true;
    tellFault(context, room, entry, "forkDetected", unprovenVoidText);
    return "lost";
  }
  const { client } = context.self;
  const isOut =
    entry.leafChanges.some((one) => one.client === client && one.change === "removed") &&
    !entry.leafChanges.some((one) => one.client === client && one.change === "added");
  if (isOut) return removedBy(context, room, entry);
  if (entry.epoch >= group.epoch) return nothing;
  tellFault(context, room, entry, "commitVoid", undoneText);
  room.rollback = rollbackOf(entry);
  return "lost";
}

function removedBy(context: GroupsContext, room: Room, entry: VoidEntry): EntryWrite {
  let hidden = false;
  let comes = false;
  return {
    left: true,
    rows(tx) {
      hidden = isHidden(tx, room.uri);
      const text = voidText;
      const body = describeEvent({ kind: "fault", code: "commitVoid", text });
      tx.messages.append(entryRow(room, entry, "fault", `fault ${entry.position}`, body), true);
      tx.rooms.setStatus(room.uri, "removed");
      tx.rooms.deleteGroup(room.uri);
      comes = comeOnceMore(tx, room.uri);
    },
    after() {
      room.group = undefined;
      if (comes) tellFault(context, room, entry, "commitVoid", againText);
      else if (!hidden) context.events.emit("removed", { room: room.uri });
    },
  };
}

/** Leave to go back behind the own epoch, to the one that stands (FED-1109). */
export function rollbackOf({ voided, epoch, ...entry }: VoidEntry): Rollback {
  const { room, generation, term, previous: hash } = entry;
  const position = entry.position - 1;
  const head = { room, generation, term, position, hash, epoch, treeHash: new Uint8Array(32) };
  return { cause: "void", from: voided, to: position, head };
}

function epochOf(message: Uint8Array): number {
  try {
    const peeked = peekMlsMessage(message);
    return "epoch" in peeked ? peeked.epoch : 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return 0;
  }
}

const voidText = "A change of the conversation that nobody could apply was taken back.";
const againText =
  "What this client came in by could be applied by nobody, and was taken back. It comes once more.";
const saidInVoidText = "This was said after a change that nobody else could apply.";
const undoneText =
  "A change of the conversation was taken back, since others could not apply it. Coming back to " +
  "where they are.";
