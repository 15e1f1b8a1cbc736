import { type Bytes, parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { bytesOf, integerOf, isNull, type SqlRow, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/**
 * `content`: a decrypted message. `event`: a change of the room. `fault`: an entry not readable.
 * `blocked`: a message of somebody who was blocked when it came; it is never shown. `change`: what
 * edits, deletes or reacts to another one. `deleted`: a message that was taken back; its body says who
 * sent it and nothing else. `withdrawn`: a change that was, or whose message was.
 */
export type MessageKind =
  | "content"
  | "event"
  | "fault"
  | "blocked"
  | "change"
  | "deleted"
  | "withdrawn";

export type MessageRow = {
  /** Order of arrival in this store, over all rooms. */
  readonly serial: number;
  readonly room: RoomUri;
  readonly position: number;
  readonly messageId: string;
  readonly kind: MessageKind;
  readonly acceptedAt: number;
  readonly body: Bytes;
  /** The id of the message that a change is about. */
  readonly target?: string | undefined;
  /** How it counts until it is read: 0 not, 1 as a message, 2 as one that names this user. */
  readonly counts?: 0 | 1 | 2;
  /** Who made a change: so that what one user does to a message can be bounded. */
  readonly author?: string | undefined;
  /** What kind of change, or of content, as `ReadMessage` names it. */
  readonly what?: string | undefined;
  /** Hex of the thread that it belongs to. */
  readonly topic?: string | undefined;
  /** Whether its sender may speak for all of the room, where it stands. */
  readonly speaks?: boolean | undefined;
  /** When it goes, in milliseconds since the Unix epoch. */
  readonly expiresAt?: number | undefined;
  /** So many milliseconds after it was read it goes. */
  readonly expiresAfterMs?: number | undefined;
};

export type Unread = { readonly messages: number; readonly mentions: number };

function parseCounts(counts: number): 0 | 1 | 2 {
  return counts === 0 || counts === 1 ? counts : 2;
}

const kinds: readonly MessageKind[] = [
  "content",
  "event",
  "fault",
  "blocked",
  "change",
  "deleted",
  "withdrawn",
];

function parseKind(text: string): MessageKind {
  const kind = kinds.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new TypeError(`unknown message kind ${text}`);
}

export function parseMessage(seal: Seal, row: SqlRow): MessageRow {
  const room = parseRoomUri(textOf(row, "room"));
  const position = integerOf(row, "position");
  return {
    serial: integerOf(row, "serial"),
    room,
    position,
    messageId: textOf(row, "message_id"),
    kind: parseKind(textOf(row, "kind")),
    acceptedAt: integerOf(row, "accepted_at"),
    body: seal.open(placeOf(room, position), bytesOf(row, "sealed_body")),
    ...(isNull(row, "target") ? {} : { target: textOf(row, "target") }),
    counts: parseCounts(integerOf(row, "counts")),
    ...(isNull(row, "what") ? {} : { what: textOf(row, "what") }),
    ...(isNull(row, "expires_at") ? {} : { expiresAt: integerOf(row, "expires_at") }),
    speaks: integerOf(row, "speaks") === 1,
  };
}

export function unreadOf(row: SqlRow | undefined): Unread {
  return {
    messages: row === undefined ? 0 : integerOf(row, "messages"),
    mentions: row === undefined ? 0 : integerOf(row, "mentions"),
  };
}

/** Where a message's body is sealed. */
export function placeOf(room: string, position: number): string {
  return `messages/${room}/${position}`;
}

/** Where the name of a thread is sealed: beside each message of it. */
export function topicPlace(room: string, position: number): string {
  return `${placeOf(room, position)}/topic`;
}

/** Stands for a thread in the index: its name may be anything that people write. */
export function topicMark(seal: Seal, room: string, topic: string): string {
  return seal.mark(`topic ${room}`, topic);
}
