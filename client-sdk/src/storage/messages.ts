import { type Bytes, fromHex, type RoomUri } from "@treehouse/protocol";

import {
  type MessageRow,
  parseMessage,
  placeOf,
  topicMark,
  topicPlace,
  type Unread,
  unreadOf,
} from "./message-row.ts";
import { integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

export interface Messages {
  /** Returns false, and writes nothing, when this message id is already there (a replay). */
  append(row: Omit<MessageRow, "serial">, handled: boolean): boolean;
  /** The newest `limit` rows before `before` (a position, exclusive) that may be shown, ascending. */
  page(room: RoomUri, before: number | undefined, limit: number): readonly MessageRow[];
  /** A message that is there already stands at a later position as well: it was sent again. */
  noteNewest(room: RoomUri, messageId: string, position: number): void;
  /**
   * Contents and changes whose newest position lies between two, both inclusive, in the order of the first one.
   */
  contentsWithin(room: RoomUri, from: number, to: number): readonly MessageRow[];
  /** Events at such positions, ascending. */
  eventsWithin(room: RoomUri, from: number, to: number): readonly MessageRow[];
  /** The content with this message id. */
  contentById(room: RoomUri, messageId: string): MessageRow | undefined;
  /** The content or change with this message id, also when it is gone. */
  byId(room: RoomUri, messageId: string): MessageRow | undefined;
  /** The changes of a message, in the order of the conversation. */
  changesOf(room: RoomUri, target: string): readonly MessageRow[];
  countChanges(room: RoomUri, target: string): number;
  /** Of one user, also those that are gone. */
  countChangesBy(room: RoomUri, target: string, author: string): number;
  /** The changes of one kind in a room, in the order of the conversation. */
  changesOfKind(room: RoomUri, what: string): readonly MessageRow[];
  /** What counts behind a position. */
  countUnread(room: RoomUri, after: number): Unread;
  /** The ids of others' messages behind a position and up to another, the newest `limit`, descending. */
  othersWithin(room: RoomUri, after: number, upTo: number, limit: number): readonly string[];
  /** Puts a body that says less in the place of a row's, which no handler gets any more. */
  erase(
    row: Pick<MessageRow, "room" | "position">,
    kind: "deleted" | "withdrawn",
    body: Bytes,
  ): void;
  /** The row at a place of the conversation, whatever it is. */
  at(place: Pick<MessageRow, "room" | "position">): MessageRow | undefined;
  /** The serial of the row at a place. */
  serialAt(place: Pick<MessageRow, "room" | "position">): number | undefined;
  bySerial(serial: number): MessageRow | undefined;
  /** Contents between two serials, the first exclusive, in order of arrival. */
  contentsAfter(after: number, upTo: number, limit: number): readonly MessageRow[];
  /** Rows after the serial `after` that no handler has finished with, in order of arrival. */
  unhandled(after: number, limit: number): readonly MessageRow[];
  markHandled(serial: number): void;
}

export function createMessages(sql: SqlTx, seal: Seal): Messages {
  const parse = (row: SqlRow) => parseMessage(seal, row);
  return {
    append(row, handled) {
      const { changes } = sql.run(
        `INSERT INTO messages
           (room, position, message_id, kind, accepted_at, handled, sealed_body, target, counts,
            author, what, topic, sealed_topic, speaks, expires_at, expires_after)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        row.room,
        row.position,
        row.messageId,
        row.kind,
        row.acceptedAt,
        handled ? 1 : 0,
        seal.seal(placeOf(row.room, row.position), row.body),
        row.target ?? null,
        row.counts ?? 0,
        row.author === undefined ? null : seal.mark("author", row.author),
        row.what ?? null,
        row.topic === undefined ? null : topicMark(seal, row.room, row.topic),
        row.topic === undefined
          ? null
          : seal.seal(topicPlace(row.room, row.position), fromHex(row.topic)),
        row.speaks === true ? 1 : 0,
        row.expiresAt ?? null,
        row.expiresAfterMs ?? null,
      );
      return changes > 0;
    },
    page(room, before, limit) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND position < ?
         AND kind NOT IN ('blocked', 'change', 'withdrawn')
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
        `SELECT * FROM messages WHERE room = ? AND kind IN ('content', 'change')
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
    byId(room, messageId) {
      const row = sql.all(
        `SELECT * FROM messages WHERE room = ? AND message_id = ?
         AND kind IN ('content', 'change', 'deleted', 'withdrawn')`,
        room,
        messageId,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    changesOf(room, target) {
      // The `+` keeps the engine from walking through all of the room in the order that is asked for.
      return sql
        .all(
          `SELECT * FROM messages WHERE room = ? AND target = ? AND kind = 'change'
           ORDER BY +position`,
          room,
          target,
        )
        .map(parse);
    },
    countChanges(room, target) {
      const row = sql.all(
        "SELECT count(*) AS changes FROM messages WHERE room = ? AND target = ?",
        room,
        target,
      )[0];
      return row === undefined ? 0 : integerOf(row, "changes");
    },
    countChangesBy(room, target, author) {
      const row = sql.all(
        "SELECT count(*) AS changes FROM messages WHERE room = ? AND target = ? AND author = ?",
        room,
        target,
        seal.mark("author", author),
      )[0];
      return row === undefined ? 0 : integerOf(row, "changes");
    },
    changesOfKind(room, what) {
      return sql
        .all(
          `SELECT * FROM messages WHERE room = ? AND what = ? AND kind = 'change'
           ORDER BY position`,
          room,
          what,
        )
        .map(parse);
    },
    countUnread(room, after) {
      const row = sql.all(
        `SELECT count(*) AS messages, count(*) FILTER (WHERE counts = 2) AS mentions
         FROM messages WHERE room = ? AND position > ? AND counts > 0`,
        room,
        after,
      )[0];
      return unreadOf(row);
    },
    othersWithin(room, after, upTo, limit) {
      return sql
        .all(
          `SELECT message_id FROM messages
           WHERE room = ? AND position > ? AND position <= ? AND counts > 0
           ORDER BY position DESC LIMIT ?`,
          room,
          after,
          upTo,
          limit,
        )
        .map((row) => textOf(row, "message_id"));
    },
    erase({ room, position }, kind, body) {
      sql.run(
        `UPDATE messages SET kind = ?, handled = 1, counts = 0, sealed_body = ?,
           topic = NULL, sealed_topic = NULL, expires_at = NULL, expires_after = NULL
         WHERE room = ? AND position = ?`,
        kind,
        seal.seal(placeOf(room, position), body),
        room,
        position,
      );
    },
    at({ room, position }) {
      const row = sql.all(
        "SELECT * FROM messages WHERE room = ? AND position = ?",
        room,
        position,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    serialAt({ room, position }) {
      const row = sql.all(
        "SELECT serial FROM messages WHERE room = ? AND position = ?",
        room,
        position,
      )[0];
      return row === undefined ? undefined : integerOf(row, "serial");
    },
    bySerial(serial) {
      const row = sql.all("SELECT * FROM messages WHERE serial = ?", serial)[0];
      return row === undefined ? undefined : parse(row);
    },
    contentsAfter(after, upTo, limit) {
      return sql
        .all(
          `SELECT * FROM messages WHERE serial > ? AND serial <= ? AND kind = 'content'
           ORDER BY serial LIMIT ?`,
          after,
          upTo,
          limit,
        )
        .map(parse);
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
