import {
  changeOf,
  decodeContent,
  type HistoryRow,
  Refusal,
  type RoomUri,
  toHex,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import { eraseMessage, facetsOf, parseEvent, type ReadMessage } from "../groups/index.ts";
import { emptyBody, readContent, readStored, senderOf } from "../messages/index.ts";
import type { LocalTx, MessageRow } from "../storage/index.ts";

/** By whose word history comes in. */
export type Teller = { readonly self: UserUri; readonly by: UserUri; readonly now: number };

/** `known`: there is already what this client has itself, or was told before. */
export type Taken = "added" | "erased" | "known" | "refused";

/**
 * Takes in a row that somebody tells. It never takes the place of anything, so that telling it again
 * changes nothing, and what was taken back stays so. Only the user's own word can erase; a
 * member's is heard for messages, and for edits of them and reactions to them, alone.
 */
export function takeRow(tx: LocalTx, teller: Teller, room: RoomUri, row: HistoryRow): Taken {
  try {
    if (row.kind === "event") return takeEvent(tx, teller, room, row);
    if (row.sender === undefined || row.messageId === undefined) return "refused";
    const isGone = row.kind === "deleted" || row.kind === "withdrawn";
    if (isGone && teller.by !== teller.self) return "refused";
    const message = { ...row, id: toHex(row.messageId), sender: row.sender };
    return isGone ? takeGone(tx, teller, room, message) : takeMessage(tx, teller, room, message);
  } catch (error) {
    // One row that is not right must not keep the others out.
    if (error instanceof Refusal) return "refused";
    throw error;
  }
}

type NamedRow = HistoryRow & {
  readonly id: string;
  readonly sender: NonNullable<HistoryRow["sender"]>;
};

const nobody = () => () => undefined;
const takers = { profile: nobody, status: nobody, grant: nobody };

/** What a row holds. Undefined where it is not what it says, or is not to be taken any more. */
function readRow(room: RoomUri, row: NamedRow, now: number): ReadMessage | undefined {
  const { sender, acceptedAt } = row;
  const read = readContent({ room, sender, plaintext: row.body, acceptedAt }, takers);
  const kind = read.change === undefined ? "content" : "change";
  if (read.messageId !== row.id || row.kind !== kind || read.aside !== undefined) return undefined;
  if (read.change?.target !== (row.target && toHex(row.target))) return undefined;
  const { expires } = decodeContent(row.body);
  const isOver = expires !== undefined && (expires.relative || expires.seconds * 1000 <= now);
  return isOver ? undefined : read;
}

/** Whether somebody who takes it in has a message more, whoever tells it. */
export function holdsMessage(room: RoomUri, row: HistoryRow, now: number): boolean {
  const { kind, sender, messageId } = row;
  if (kind !== "content" || sender === undefined || messageId === undefined) return false;
  try {
    return readRow(room, { ...row, id: toHex(messageId), sender }, now) !== undefined;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function takeMessage(tx: LocalTx, teller: Teller, room: RoomUri, row: NamedRow): Taken {
  const { sender, position, acceptedAt } = row;
  const read = readRow(room, row, teller.now);
  if (read === undefined) return "refused";
  const kind = read.change === undefined ? "content" : "change";
  const told = read.change?.target;
  if (tx.history.at(room, { messageId: row.id }) !== undefined) return "known";
  const isOwn = teller.by === teller.self;
  if (!isOwn && !isHeard(tx, teller, room, read.change)) return "refused";
  const author = userOfClient(sender);
  const isGone = isTakenBack(tx, room, row.id, author) || isGoneWith(tx, room, told);
  const counts = isOwn ? countOf(teller, author, kind, read.mentions?.users) : 0;
  const stored: Omit<MessageRow, "serial"> = {
    room,
    position,
    acceptedAt,
    messageId: row.id,
    kind: isGone ? (kind === "content" ? "deleted" : "withdrawn") : kind,
    body: isGone ? emptyBody(sender) : read.body,
    target: told,
    counts: isGone ? 0 : counts,
    toldBy: teller.by,
    hearsay: !isOwn,
    ...(isGone ? {} : facetsOf(read, acceptedAt)),
  };
  if (!tx.messages.append(stored, true)) return "known";
  if (isGone && kind === "content") withdrawChanges(tx, room, row.id);
  if (read.change !== undefined && isOwn) applyTold(tx, room, read.change, author);
  return "added";
}

function countOf(
  { self }: Teller,
  author: UserUri,
  kind: "content" | "change",
  mentions: readonly UserUri[] = [],
): 0 | 1 | 2 {
  if (kind === "change" || author === self) return 0;
  return mentions.includes(self) ? 2 : 1;
}

/** FED-1060: a member's word changes nothing but what the same member has told before. */
function isHeard(
  tx: LocalTx,
  { by }: Teller,
  room: RoomUri,
  change: ReadMessage["change"],
): boolean {
  if (change === undefined) return true;
  if (change.kind !== "edit" && change.kind !== "reaction") return false;
  return tx.history.at(room, { messageId: change.target })?.toldBy === by;
}

/** Its author has taken it back, by something that came before it. */
function isTakenBack(tx: LocalTx, room: RoomUri, id: string, author: UserUri): boolean {
  return tx.messages.allChangesOf(room, id).some(({ body }) => {
    const { sender, content } = readStored(body);
    const kind = changeOf(decodeContent(content))?.kind;
    return (kind === "deletion" || kind === "unlike") && userOfClient(sender) === author;
  });
}

function isGoneWith(tx: LocalTx, room: RoomUri, target: string | undefined): boolean {
  if (target === undefined) return false;
  const about = tx.history.at(room, { messageId: target });
  return about?.kind === "deleted" || about?.kind === "withdrawn";
}

/** What a deletion does to a message that was there before it. */
function applyTold(
  tx: LocalTx,
  room: RoomUri,
  change: NonNullable<ReadMessage["change"]>,
  author: UserUri,
): void {
  if (change.kind !== "deletion" && change.kind !== "unlike") return;
  const about = tx.messages.byId(room, change.target);
  const isTheirs = about !== undefined && userOfClient(senderOf(about.body)) === author;
  if (isTheirs) erase(tx, about);
}

function takeGone(tx: LocalTx, teller: Teller, room: RoomUri, row: NamedRow): Taken {
  const known = tx.messages.byId(room, row.id);
  if (known !== undefined) return erase(tx, known) ? "erased" : "known";
  const isMessage = row.kind === "deleted";
  const gone: Omit<MessageRow, "serial"> = {
    room,
    position: row.position,
    acceptedAt: row.acceptedAt,
    messageId: row.id,
    kind: isMessage ? "deleted" : "withdrawn",
    body: emptyBody(row.sender),
    target: row.target === undefined ? undefined : toHex(row.target),
    toldBy: teller.by,
  };
  const added = tx.messages.append(gone, true);
  if (added && isMessage) withdrawChanges(tx, room, row.id);
  return added ? "added" : "known";
}

/** Answers whether there was anything to erase. */
function erase(tx: LocalTx, row: MessageRow): boolean {
  if (row.kind === "content") eraseMessage(tx, row, emptied);
  if (row.kind === "change") tx.messages.erase(row, "withdrawn", emptied(row.body));
  return row.kind === "content" || row.kind === "change";
}

function withdrawChanges(tx: LocalTx, room: RoomUri, id: string): void {
  for (const one of tx.messages.allChangesOf(room, id)) {
    const { content } = readStored(one.body);
    // The deletion itself stays: it is what keeps the message away.
    if (changeOf(decodeContent(content))?.kind === "deletion") continue;
    tx.messages.erase(one, "withdrawn", emptied(one.body));
  }
}

function emptied(body: Uint8Array) {
  return emptyBody(senderOf(body));
}

function takeEvent(tx: LocalTx, teller: Teller, room: RoomUri, row: HistoryRow): Taken {
  if (teller.by !== teller.self) return "refused";
  const { position, acceptedAt, body } = row;
  if (!isMembership(body)) return "refused";
  const messageId = `event ${position}`;
  const event = { room, position, acceptedAt, messageId, kind: "event", body } as const;
  return tx.messages.append({ ...event, toldBy: teller.by }, true) ? "added" : "known";
}

/** An event is as its writer's release describes it: what this one does not understand is left out. */
function isMembership(body: Uint8Array): boolean {
  try {
    return parseEvent(body).kind === "membership";
  } catch {
    return false;
  }
}
