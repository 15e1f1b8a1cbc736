import { type Continued, fromHex, Refusal, type RoomUri } from "@treehouse/protocol";

import { withChanges } from "../groups/index.ts";
import { type Message, type MessageFile, messageOf } from "../messages/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { placed } from "./versions.ts";

/** A file of a conversation, with the message that it stands in. */
export type ConversationFile = {
  /** Id of the message. */
  readonly message: string;
  readonly conversation: RoomUri;
  readonly position: number;
  readonly acceptedAt: number;
  readonly senderAddress: string;
  /** Which of the message's files, from 0. */
  readonly number: number;
  readonly file: MessageFile;
  /** How it stands among the versions of the same file; a file with one version is its current one. */
  readonly version: {
    /** Id of the message with the first one. */
    readonly first: string;
    readonly previous: string | undefined;
    readonly count: number;
    readonly current: boolean;
    /** Nobody has changed it: with another such one, two were saved at once. */
    readonly head: boolean;
  };
};

/** The files of the newest messages with files before a position, newest first. */
export function conversationFiles(
  tx: LocalTx,
  room: RoomUri,
  page: { readonly before?: number | undefined; readonly limit: number },
): readonly ConversationFile[] {
  return tx.messageFiles
    .messagesBefore(room, page.before, page.limit)
    .flatMap((id) => filesOfMessage(tx, room, id));
}

/** All versions of the file of a message, oldest first. Refuses `notFound`. */
export function versionsOf(tx: LocalTx, room: RoomUri, id: string): readonly ConversationFile[] {
  const [row] = tx.messageFiles.of(room, id);
  if (row === undefined) throw noFile();
  const ids = new Set(tx.messageFiles.versionsFrom(room, row.first).map((one) => one.messageId));
  return [...ids].flatMap((one) => filesOfMessage(tx, room, one));
}

/** One file of a message. Refuses `notFound`. */
export function conversationFileAt(
  tx: LocalTx,
  at: { readonly conversation: RoomUri; readonly id: string; readonly number: number },
): ConversationFile {
  const found = filesOfMessage(tx, at.conversation, at.id)[at.number];
  if (found === undefined) throw noFile();
  return found;
}

/** How a new version of a message's one file names it. Refuses `notFound`. */
export function continuedBy(tx: LocalTx, room: RoomUri, id: string): Continued {
  const [row, another] = tx.messageFiles.of(room, id);
  if (row === undefined) throw noFile();
  if (another !== undefined) {
    throw new Refusal("malformed", "there are versions only of a file that is sent alone");
  }
  return { first: fromHex(row.first), previous: fromHex(id) };
}

function filesOfMessage(tx: LocalTx, room: RoomUri, id: string): readonly ConversationFile[] {
  const message = shownMessage(tx, room, id);
  const [row] = tx.messageFiles.of(room, id);
  if (message === undefined || row === undefined) return [];
  const versions = tx.messageFiles
    .versionsFrom(room, row.first)
    .map(({ messageId, previous }) => ({ id: messageId, previous }));
  const whole = message.files.length > 1 ? [] : placed(versions);
  const here = whole.find((one) => one.id === id);
  return message.files.map((file, number) => ({
    message: id,
    conversation: room,
    position: message.position,
    acceptedAt: message.acceptedAt,
    senderAddress: message.senderAddress,
    number,
    file,
    version: {
      first: row.first,
      previous: row.previous,
      count: Math.max(1, whole.length),
      current: here?.current ?? true,
      head: here?.head ?? true,
    },
  }));
}

function shownMessage(tx: LocalTx, room: RoomUri, id: string): Message | undefined {
  const row = tx.messages.contentById(room, id);
  return row === undefined ? undefined : messageOf(withChanges(tx, row));
}

function noFile(): Refusal {
  return new Refusal("notFound", "there is no message with a file and this id");
}
