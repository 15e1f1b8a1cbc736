import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";

import { createMessageChanges, type MessageChanges } from "./message-changes.ts";
import { insertMessage, messagePlace, parseMessageRow } from "./message-rows.ts";
import { integerOf, type SqlRow, type SqlTx } from "./port.ts";
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
  /**
   * By whose word it is here: the own user's for what came from another client, a backup or a file,
   * and a member's for what a room grants those who join. Undefined: this client received it.
   */
  readonly toldBy?: UserUri | undefined;
  /** It is the word of somebody else than the user: a change of it counts for what the same one told. */
  readonly hearsay?: boolean | undefined;
  /** Who said it: so that what one user does to a message can be bounded, and their threads be found. */
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

export interface Messages extends MessageChanges {
  /**
   * Returns false, and writes nothing, when this message id is already there (a replay), or its place is
   * taken. What was only told gives way to what is received, unless it was taken back since; and with it
   * goes what others than the user told of it.
   */
  append(row: Omit<MessageRow, "serial">, handled: boolean): boolean;
  /** The newest `limit` rows before `before` (a position, exclusive) that may be shown, ascending. */
  page(room: RoomUri, before: number | undefined, limit: number): readonly MessageRow[];
  /** The oldest `limit` such rows behind `after`. */
  pageAfter(room: RoomUri, after: number, limit: number): readonly MessageRow[];
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
  /** Puts a body that says less in the place of a row's, which no handler gets any more. */
  erase(
    row: Pick<MessageRow, "room" | "position">,
    kind: "deleted" | "withdrawn",
    body: Bytes,
  ): void;
  /** Forgets a row that nobody can find or open any more: an event, a fault, or what was erased. */
  drop(place: Pick<MessageRow, "room" | "position">): void;
  /** The same for all rows of a room. */
  dropRoom(room: RoomUri): void;
  /** The row at a place of the conversation, whatever it is. */
  at(place: Pick<MessageRow, "room" | "position">): MessageRow | undefined;
  /** The serial of the row at a place. */
  serialAt(place: Pick<MessageRow, "room" | "position">): number | undefined;
  bySerial(serial: number): MessageRow | undefined;
  /** Contents between two serials, the first exclusive, in order of arrival. */
  contentsAfter(after: number, upTo: number, limit: number): readonly MessageRow[];
  /** The serials of contents between two, the first exclusive, that something was done to. */
  changedWithin(after: number, upTo: number): ReadonlySet<number>;
  /** Rows of an imported history that make way for one that this client receives itself. */
  replacedBy(row: Pick<MessageRow, "room" | "position" | "messageId">): readonly MessageRow[];
  /** Rows after the serial `after` that no handler has finished with, in order of arrival. */
  unhandled(after: number, limit: number): readonly MessageRow[];
  markHandled(serial: number): void;
}

/** What was told under an id, or at a place under another one: of one room. */
const givesWay = `room = ? AND told_by IS NOT NULL
  AND ((message_id = ? AND kind IN ('content', 'change', 'event'))
    OR (position = ? AND message_id <> ?))`;
const dropGivesWay = `DELETE FROM messages WHERE ${givesWay}`;
/** What others than the user told of it. */
const dropToldOfIt = `DELETE FROM messages WHERE room = ? AND hearsay = 1
  AND target IN (SELECT message_id FROM messages WHERE ${givesWay})`;

export function createMessages(sql: SqlTx, seal: Seal): Messages {
  const parse = (row: SqlRow): MessageRow => parseMessageRow(row, seal);
  const write = (row: Omit<MessageRow, "serial">, handled: boolean) =>
    insertMessage(sql, seal, row, handled);
  return {
    ...createMessageChanges(sql, seal),
    append(row, handled) {
      if (write(row, handled)) return true;
      if (row.toldBy !== undefined) return false;
      const { room, messageId, position } = row;
      const places = [room, messageId, position, messageId] as const;
      sql.run(dropToldOfIt, room, ...places);
      const { changes } = sql.run(dropGivesWay, ...places);
      return changes > 0 && write(row, handled);
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
    pageAfter(room, after, limit) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND position > ?
         AND kind NOT IN ('blocked', 'change', 'withdrawn')
         ORDER BY position LIMIT ?`,
        room,
        after,
        limit,
      );
      return rows.map(parse);
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
    erase({ room, position }, kind, body) {
      sql.run(
        `UPDATE messages SET kind = ?, handled = 1, counts = 0, sealed_body = ?,
           topic = NULL, sealed_topic = NULL, expires_at = NULL, expires_after = NULL
         WHERE room = ? AND position = ?`,
        kind,
        seal.seal(messagePlace(room, position), body),
        room,
        position,
      );
    },
    drop({ room, position }) {
      sql.run("DELETE FROM messages WHERE room = ? AND position = ?", room, position);
    },
    dropRoom(room) {
      sql.run("DELETE FROM messages WHERE room = ?", room);
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
    changedWithin(after, upTo) {
      const rows = sql.all(
        `SELECT serial FROM messages AS one WHERE serial > ? AND serial <= ? AND EXISTS
           (SELECT 1 FROM messages WHERE room = one.room AND target = one.message_id)`,
        after,
        upTo,
      );
      return new Set(rows.map((row) => integerOf(row, "serial")));
    },
    replacedBy(row) {
      return sql
        .all(
          `SELECT * FROM messages WHERE room = ? AND message_id = ? AND told_by IS NOT NULL
           UNION SELECT * FROM messages WHERE room = ? AND position = ? AND told_by IS NOT NULL`,
          row.room,
          row.messageId,
          row.room,
          row.position,
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
