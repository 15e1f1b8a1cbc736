import { type Bytes, parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** `content`: a decrypted message. `event`: a change of the room. `fault`: an entry not readable. */
export type MessageKind = "content" | "event" | "fault";

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
  /** The newest `limit` rows before `before` (a position, exclusive), in ascending order. */
  page(room: RoomUri, before: number | undefined, limit: number): readonly MessageRow[];
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
        "SELECT * FROM messages WHERE room = ? AND position < ? ORDER BY position DESC LIMIT ?",
        room,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      );
      return rows.map(parse).toReversed();
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

function parseKind(text: string): MessageKind {
  if (text === "content" || text === "event" || text === "fault") return text;
  throw new TypeError(`unknown message kind ${text}`);
}
