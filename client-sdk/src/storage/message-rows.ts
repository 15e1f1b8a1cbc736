import { fromHex, parseRoomUri, parseUserUri } from "@treehouse/protocol";

import type { MessageKind, MessageRow } from "./messages.ts";
import { bytesOf, integerOf, isNull, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Where a message's body is sealed for. */
export function messagePlace(room: string, position: number): string {
  return `messages/${room}/${position}`;
}

export function parseMessageRow(row: SqlRow, seal: Seal): MessageRow {
  const room = parseRoomUri(textOf(row, "room"));
  const position = integerOf(row, "position");
  return {
    serial: integerOf(row, "serial"),
    room,
    position,
    messageId: textOf(row, "message_id"),
    kind: parseKind(textOf(row, "kind")),
    acceptedAt: integerOf(row, "accepted_at"),
    body: seal.open(messagePlace(room, position), bytesOf(row, "sealed_body")),
    ...(isNull(row, "target") ? {} : { target: textOf(row, "target") }),
    counts: parseCounts(integerOf(row, "counts")),
    ...(isNull(row, "what") ? {} : { what: textOf(row, "what") }),
    ...(isNull(row, "expires_at") ? {} : { expiresAt: integerOf(row, "expires_at") }),
    speaks: integerOf(row, "speaks") === 1,
    ...(isNull(row, "told_by") ? {} : { toldBy: parseUserUri(textOf(row, "told_by")) }),
  };
}

/** Answers false, and writes nothing, when id or position are taken. */
export function insertMessage(
  sql: SqlTx,
  seal: Seal,
  row: Omit<MessageRow, "serial">,
  handled: boolean,
): boolean {
  const { changes } = sql.run(
    `INSERT INTO messages (room, position, message_id, kind, accepted_at, handled, sealed_body,
       target, counts, told_by, author, what, topic, sealed_topic, speaks, expires_at, expires_after,
       hearsay)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    row.room,
    row.position,
    row.messageId,
    row.kind,
    row.acceptedAt,
    handled ? 1 : 0,
    seal.seal(messagePlace(row.room, row.position), row.body),
    row.target ?? null,
    row.counts ?? 0,
    row.toldBy ?? null,
    row.author === undefined ? null : seal.mark("author", row.author),
    row.what ?? null,
    row.topic === undefined ? null : topicMark(seal, row.room, row.topic),
    row.topic === undefined
      ? null
      : seal.seal(topicPlace(row.room, row.position), fromHex(row.topic)),
    row.speaks === true ? 1 : 0,
    row.expiresAt ?? null,
    row.expiresAfterMs ?? null,
    row.hearsay === true ? 1 : 0,
  );
  return changes > 0;
}

/** Where the name of a thread is sealed: beside each message of it. */
export function topicPlace(room: string, position: number): string {
  return `${messagePlace(room, position)}/topic`;
}

/** Stands for a thread in the index: its name may be anything that people write. */
export function topicMark(seal: Seal, room: string, topic: string): string {
  return seal.mark(`topic ${room}`, topic);
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

function parseCounts(counts: number): 0 | 1 | 2 {
  return counts === 0 || counts === 1 ? counts : 2;
}
