import { parseRoomUri, parseUserUri, type RoomUri, type UserUri } from "@treehouse/protocol";

import { integerOf, isNull, type SqlRow, type SqlTx, textOf } from "./port.ts";

/** One file of a message. */
export type MessageFileRow = {
  /** Order of arrival in this store, over all rooms. */
  readonly serial: number;
  readonly room: RoomUri;
  readonly messageId: string;
  /** Which of the message's files, from 0. Below: an asset that goes with the message and is no file. */
  readonly number: number;
  /** Of the message in its conversation. */
  readonly position: number;
  readonly sender: UserUri;
  /** Of the asset; empty where it is none that can be fetched. */
  readonly uri: string;
  /** Id of the message with the first version: its own, unless it continues another one. */
  readonly first: string;
  /** Id of the message whose version it changed. */
  readonly previous: string | undefined;
};

/** An asset that no message refers to any more. */
export type ReleasedAsset = { readonly uri: string; readonly sender: UserUri };

/**
 * Which messages have files, and which are versions of which. Rows come with their message and go
 * with it, by triggers, whoever ends it and how.
 */
export interface MessageFiles {
  put(row: Omit<MessageFileRow, "serial">): void;
  of(room: RoomUri, messageId: string): readonly MessageFileRow[];
  /** Ids of the newest messages with files before a position, newest first. */
  messagesBefore(room: RoomUri, before: number | undefined, limit: number): readonly string[];
  /** All versions of what began with a message, in the order of the conversation. */
  versionsFrom(room: RoomUri, first: string): readonly MessageFileRow[];
  /** What came after a serial, in order of arrival. */
  after(serial: number, limit: number): readonly MessageFileRow[];
  /** The serial of what came last; 0: nothing. */
  newest(): number;
  /** Assets to let go of; they stay until they are settled. */
  released(limit: number): readonly ReleasedAsset[];
  settle(uri: string): void;
}

export const messageFileTables: readonly string[] = [
  `CREATE TABLE message_files (
     serial INTEGER PRIMARY KEY AUTOINCREMENT, room TEXT NOT NULL, message_id TEXT NOT NULL, number INTEGER NOT NULL,
     position INTEGER NOT NULL, sender TEXT NOT NULL, uri TEXT NOT NULL, first TEXT NOT NULL,
     previous TEXT, UNIQUE (room, message_id, number)) STRICT`,
  "CREATE INDEX message_files_by_position ON message_files (room, position)",
  "CREATE INDEX message_files_by_first ON message_files (room, first)",
  "CREATE INDEX message_files_by_uri ON message_files (uri)",
  "CREATE TABLE released_assets (uri TEXT PRIMARY KEY, sender TEXT NOT NULL) STRICT",
  `CREATE TRIGGER message_files_go AFTER DELETE ON message_files WHEN OLD.uri <> '' BEGIN
     INSERT OR IGNORE INTO released_assets (uri, sender)
       SELECT OLD.uri, OLD.sender
       WHERE NOT EXISTS (SELECT 1 FROM message_files WHERE uri = OLD.uri);
   END`,
  `CREATE TRIGGER messages_with_files_erased AFTER UPDATE OF kind ON messages
   WHEN OLD.kind = 'content' AND NEW.kind <> 'content' BEGIN
     DELETE FROM message_files WHERE room = OLD.room AND message_id = OLD.message_id;
   END`,
  `CREATE TRIGGER messages_with_files_deleted AFTER DELETE ON messages
   WHEN OLD.kind = 'content' BEGIN
     DELETE FROM message_files WHERE room = OLD.room AND message_id = OLD.message_id;
   END`,
];

export function createMessageFiles(sql: SqlTx): MessageFiles {
  return {
    put({ room, messageId, number, position, sender, uri, first, previous }) {
      sql.run(
        `INSERT INTO message_files
           (room, message_id, number, position, sender, uri, first, previous)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        room,
        messageId,
        number,
        position,
        sender,
        uri,
        first,
        previous ?? null,
      );
    },
    of(room, messageId) {
      return sql
        .all(
          `SELECT * FROM message_files WHERE room = ? AND message_id = ? AND number >= 0
           ORDER BY number`,
          room,
          messageId,
        )
        .map(parse);
    },
    messagesBefore(room, before, limit) {
      return sql
        .all(
          `SELECT message_id FROM message_files WHERE room = ? AND position < ? AND number >= 0
           GROUP BY position, message_id ORDER BY position DESC LIMIT ?`,
          room,
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        )
        .map((row) => textOf(row, "message_id"));
    },
    versionsFrom(room, first) {
      return sql
        .all(
          `SELECT * FROM message_files WHERE room = ? AND first = ? AND number >= 0
           ORDER BY position, number`,
          room,
          first,
        )
        .map(parse);
    },
    after(serial, limit) {
      return sql
        .all(
          `SELECT * FROM message_files WHERE serial > ? AND number >= 0
           ORDER BY serial LIMIT ?`,
          serial,
          limit,
        )
        .map(parse);
    },
    newest() {
      const row = sql.all("SELECT coalesce(max(serial), 0) AS serial FROM message_files")[0];
      return row === undefined ? 0 : integerOf(row, "serial");
    },
    released(limit) {
      return sql
        .all("SELECT uri, sender FROM released_assets ORDER BY uri LIMIT ?", limit)
        .map((row) => ({ uri: textOf(row, "uri"), sender: parseUserUri(textOf(row, "sender")) }));
    },
    settle(uri) {
      sql.run("DELETE FROM released_assets WHERE uri = ?", uri);
    },
  };
}

function parse(row: SqlRow): MessageFileRow {
  return {
    serial: integerOf(row, "serial"),
    room: parseRoomUri(textOf(row, "room")),
    messageId: textOf(row, "message_id"),
    number: integerOf(row, "number"),
    position: integerOf(row, "position"),
    sender: parseUserUri(textOf(row, "sender")),
    uri: textOf(row, "uri"),
    first: textOf(row, "first"),
    previous: isNull(row, "previous") ? undefined : textOf(row, "previous"),
  };
}
