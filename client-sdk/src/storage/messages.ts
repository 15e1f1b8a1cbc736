import { type Bytes, parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/**
 * `content`: a decrypted message. `event`: a change of the room. `fault`: an entry not readable.
 * `blocked`: a message of somebody who was blocked when it came; it is never shown.
 */
export type MessageKind = "content" | "event" | "fault" | "blocked";

export type MessageRow = {
  /** Order of arrival in this store, over all rooms. */
  readonly serial: number;
  readonly room: RoomUri;
  readonly position: number;
  readonly messageId: string;
  readonly kind: MessageKind;
  readonly acceptedAt: number;
  readonly body: Bytes;
};

export interface Messages {
  /** Returns false, and writes nothing, when this message id is already there (a replay). */
  append(row: Omit<MessageRow, "serial">, handled: boolean): boolean;
  /** The newest `limit` rows before `before` (a position, exclusive) that may be shown, ascending. */
  page(room: RoomUri, before: number | undefined, limit: number): readonly MessageRow[];
  /** A message that is there already stands at a later position as well: it was sent again. */
  noteNewest(room: RoomUri, messageId: string, position: number): void;
  /**
   * Contents whose newest position lies between two, both inclusive, in the order of the first one.
   */
  contentsWithin(room: RoomUri, from: number, to: number): readonly MessageRow[];
  /** Events at such positions, ascending. */
  eventsWithin(room: RoomUri, from: number, to: number): readonly MessageRow[];
  /** The content with this message id. */
  contentById(room: RoomUri, messageId: string): MessageRow | undefined;
  /** Rows after the serial `after` that no handler has finished with, in order of arrival. */
  unhandled(after: number, limit: number): readonly MessageRow[];
  markHandled(serial: number): void;
}

export function createMessages(sql: SqlTx, seal: Seal): Messages {
  const place = (room: string, position: number) => `messages/${room}/${position}`;
  const parse = (row: SqlRow): MessageRow => {
    const room = parseRoomUri(textOf(row, "room"));
    const position = integerOf(row, "position");
    return {
      serial: integerOf(row, "serial"),
      room,
      position,
      messageId: textOf(row, "message_id"),
      kind: parseKind(textOf(row, "kind")),
      acceptedAt: integerOf(row, "accepted_at"),
      body: seal.open(place(room, position), bytesOf(row, "sealed_body")),
    };
  };
  return {
    append(row, handled) {
      const { changes } = sql.run(
        `INSERT INTO messages
           (room, position, message_id, kind, accepted_at, handled, sealed_body)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        row.room,
        row.position,
        row.messageId,
        row.kind,
        row.acceptedAt,
        handled ? 1 : 0,
        seal.seal(place(row.room, row.position), row.body),
      );
      return changes > 0;
    },
    page(room, before, limit) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND position < ? AND kind <> 'blocked'
         ORDER BY position DESC LIMIT ?`,
        room,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      );
      return rows.map(parse).toReversed();
    },
    noteNewest(room, messageId, position) {
      sql.run(
        `UPDATE messages SET newest = ?
         WHERE room = ? AND message_id = ? AND coalesce(newest, position) < ?`,
        position,
        room,
        messageId,
        position,
      );
    },
    contentsWithin(room, from, to) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND kind = 'content'
         AND (newest BETWEEN ? AND ? OR (newest IS NULL AND position BETWEEN ? AND ?))
         ORDER BY position`,
        room,
        from,
        to,
        from,
        to,
      );
      return rows.map(parse);
    },
    eventsWithin(room, from, to) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND position BETWEEN ? AND ? AND kind = 'event'
         ORDER BY position`,
        room,
        from,
        to,
      );
      return rows.map(parse);
    },
    contentById(room, messageId) {
      const row = sql.all(
        "SELECT * FROM messages WHERE room = ? AND message_id = ? AND kind = 'content'",
        room,
        messageId,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    unhandled(after, limit) {
      const rows = sql.all(
        "SELECT * FROM messages WHERE handled = 0 AND serial > ? ORDER BY serial LIMIT ?",
        after,
        limit,
      );
      return rows.map(parse);
    },
    markHandled(serial) {
      sql.run("UPDATE messages SET handled = 1 WHERE serial = ?", serial);
    },
  };
}

const kinds: readonly MessageKind[] = ["content", "event", "fault", "blocked"];

function parseKind(text: string): MessageKind {
  const kind = kinds.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new TypeError(`unknown message kind ${text}`);
}
