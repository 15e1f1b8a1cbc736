import {
  type Bytes,
  type CapabilityName,
  isVoteIn,
  type Poll,
  type RoomUri,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx, MessageRow } from "../../storage/index.ts";
import type { GroupsContext, ReadMessage } from "../room/index.ts";

type Change = NonNullable<ReadMessage["change"]>;

/** Who makes a change, and what the room's rules let them do where it stands. */
export type Changer = {
  readonly user: UserUri;
  readonly may: (capability: CapabilityName) => boolean;
};

/** More of them change nothing, but for deletions and what takes back: a flood must not fill the store. */
export const changesPerMessageMax = 2_000;
/** Of one user, so that nobody fills it up for the others. */
export const changesPerUserMax = 200;
/** Messages that are pinned in one room. */
export const pinsMax = 50;

/** What is needed to change what is stored. */
type Writing = Pick<GroupsContext, "lifetimes" | "reader">;

/** `full`: a bound was met. */
export type Written = "written" | "nothing" | "full";

/**
 * Writes a change of a message if whoever makes it may, and does what it says: a deletion and what
 * takes a reaction back erase at once. A change of something that this client never
 * had is kept without effect. Answers whether anything is different now. What is refused leaves no
 * trace but its place in the stream (T-04).
 */
export function writeChange(
  context: Writing,
  tx: LocalTx,
  row: Pick<MessageRow, "room" | "position" | "acceptedAt" | "messageId" | "body">,
  { change, by }: { readonly change: Change; readonly by: Changer },
): Written {
  const { lifetimes, reader } = context;
  const { room } = row;
  const { kind, target } = change;
  const about = tx.messages.byId(room, target);
  const author = about === undefined ? undefined : userOfClient(reader.stored(about.body).sender);
  if (about !== undefined && !isAllowed(change, about, author, by)) return "nothing";
  if (about === undefined && kind === "deletion" && by.may("deleteOtherMessage")) {
    // Whoever may delete what others say has done so for good: it does not come in by an archive either.
    const body = reader.emptied(row.body);
    tx.messages.append({ ...row, messageId: target, kind: "withdrawn", target, body }, true);
    return "nothing";
  }
  if (about !== undefined && !isPossible(context, tx, about, { change, row })) return "nothing";
  if (isFull(tx, room, change, by.user)) return "full";
  const written = { ...row, kind: "change", target, author: by.user, what: kind } as const;
  const former = kind === "vote" ? votesBy(context, tx, room, target, by.user) : [];
  if (!tx.messages.append(written, true)) return "nothing";
  if (about === undefined) return "nothing";
  for (const one of former) tx.messages.erase(one, "withdrawn", reader.emptied(one.body));
  if (kind === "unlike") tx.messages.erase(about, "withdrawn", reader.emptied(about.body));
  if (kind === "unpin") erasePins(context, tx, room, target);
  if (kind === "deletion") {
    eraseMessage(tx, about, (body) => reader.emptied(body));
    lifetimes.erased(tx, room, target);
  }
  return "written";
}

function isAllowed(
  { kind }: Change,
  about: MessageRow,
  author: UserUri | undefined,
  { user, may }: Changer,
): boolean {
  const own = author === user;
  const isContent = about.kind === "content";
  switch (kind) {
    case "edit":
      return isContent && own && may("editOwnMessage");
    case "deletion":
      return isContent && ((own && may("deleteOwnMessage")) || may("deleteOtherMessage"));
    case "reaction":
    case "vote":
      return isContent && may("reactToMessage");
    case "pin":
    case "unpin":
      return isContent && may("pinMessage");
    case "pollEnd":
      return isContent && (own || may("deleteOtherMessage"));
    case "unlike":
      return (
        about.kind === "change" &&
        about.what !== "vote" &&
        about.what !== "pin" &&
        ((own && may("deleteOwnReaction")) || may("deleteOtherReaction"))
      );
  }
}

/** Whether it makes sense for this message as it stands there, the same for everybody. */
function isPossible(
  context: Writing,
  tx: LocalTx,
  about: MessageRow,
  { change, row }: { readonly change: Change; readonly row: Pick<MessageRow, "acceptedAt"> },
): boolean {
  const { kind } = change;
  if (kind === "pin" || kind === "unpin") {
    const pinned = pinsOf(tx, about.room).some(({ target }) => target === about.messageId);
    return pinned === (kind === "unpin");
  }
  if (kind !== "edit" && kind !== "vote" && kind !== "pollEnd") return true;
  const changes = tx.messages.changesOf(about.room, about.messageId);
  const poll = pollAt(context, about, changes);
  if (kind === "edit") {
    // Nobody may find their vote under another question.
    const hasVotes = changes.some(({ what }) => what === "vote" || what === "pollEnd");
    return (change.poll !== undefined) === (poll !== undefined) && !(poll && hasVotes);
  }
  if (poll === undefined || changes.some(({ what }) => what === "pollEnd")) return false;
  if (kind === "pollEnd") return true;
  const isOpen = poll.closesAt === undefined || row.acceptedAt <= poll.closesAt;
  return isOpen && isVoteIn(poll, change.choices ?? []);
}

function pollAt(
  { reader }: Writing,
  about: MessageRow,
  changes: readonly MessageRow[],
): Poll | undefined {
  return reader.poll((changes.findLast(({ what }) => what === "edit") ?? about).body);
}

function isFull(tx: LocalTx, room: RoomUri, { kind, target }: Change, user: UserUri): boolean {
  if (kind === "deletion" || kind === "unlike" || kind === "unpin" || kind === "pollEnd") {
    return false;
  }
  if (kind === "pin" && pinsOf(tx, room).length >= pinsMax) return true;
  if (tx.messages.countChangesBy(room, target, user) >= changesPerUserMax) return true;
  // Everybody in a room has a vote.
  return kind !== "vote" && tx.messages.countChanges(room, target) >= changesPerMessageMax;
}

function votesBy(
  { reader }: Writing,
  tx: LocalTx,
  room: RoomUri,
  target: string,
  user: UserUri,
): readonly MessageRow[] {
  return tx.messages
    .changesOf(room, target)
    .filter(
      ({ what, body }) => what === "vote" && userOfClient(reader.stored(body).sender) === user,
    );
}

/** What is pinned in a room, in the order in which that was done. */
export function pinsOf(tx: LocalTx, room: RoomUri): readonly MessageRow[] {
  return tx.messages.changesOfKind(room, "pin");
}

function erasePins({ reader }: Writing, tx: LocalTx, room: RoomUri, target: string): void {
  for (const pin of pinsOf(tx, room)) {
    if (pin.target === target) tx.messages.erase(pin, "withdrawn", reader.emptied(pin.body));
  }
}

/**
 * The message, every version that it had, and what others said to it. Deleted by somebody, it leaves its
 * place; expired, nothing that is shown.
 */
export function eraseMessage(
  tx: LocalTx,
  message: MessageRow,
  emptied: (body: Uint8Array) => Bytes,
  left: "deleted" | "withdrawn" = "deleted",
): void {
  tx.messages.erase(message, left, emptied(message.body));
  for (const one of tx.messages.allChangesOf(message.room, message.messageId)) {
    tx.messages.erase(one, "withdrawn", emptied(one.body));
  }
}

/** What a change is about, for whoever is told: of a reaction taken back, the message it was about. */
export function changedMessage(tx: LocalTx, room: RoomUri, { kind, target }: Change): string {
  if (kind !== "unlike") return target;
  return tx.messages.byId(room, target)?.target ?? target;
}
