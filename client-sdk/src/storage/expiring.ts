import { parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { parseMessageRow } from "./message-rows.ts";
import type { MessageRow } from "./messages.ts";
import { integerOf, isNull, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Messages that go at a time of their own. */
export interface Expiring {
  /** What was read up to a position goes so long after that time as its sender wished. */
  begin(room: RoomUri, upTo: number, readAt: number): void;
  /** Messages whose time is over, the oldest time first. */
  due(now: number, limit: number): readonly MessageRow[];
  /** Rooms in which messages wait to be read before their time begins. */
  unread(): readonly RoomUri[];
  /** When the next one goes. */
  next(): number | undefined;
}

export function createExpiring(sql: SqlTx, seal: Seal): Expiring {
  return {
    begin(room, upTo, readAt) {
      sql.run(
        `UPDATE messages SET expires_at = ? + expires_after
         WHERE room = ? AND position <= ? AND expires_after IS NOT NULL AND expires_at IS NULL`,
        readAt,
        room,
        upTo,
      );
    },
    due(now, limit) {
      return sql
        .all(
          `SELECT * FROM messages WHERE expires_at IS NOT NULL AND expires_at <= ?
           ORDER BY expires_at LIMIT ?`,
          now,
          limit,
        )
        .map((row) => parseMessageRow(row, seal));
    },
    unread() {
      return sql
        .all(
          `SELECT DISTINCT room FROM messages
           WHERE expires_after IS NOT NULL AND expires_at IS NULL ORDER BY room`,
        )
        .map((row) => parseRoomUri(textOf(row, "room")));
    },
    next() {
      const row = sql.all(
        `SELECT min(expires_at) AS next FROM messages WHERE expires_at IS NOT NULL ORDER BY next`,
      )[0];
      return row === undefined || isNull(row, "next") ? undefined : integerOf(row, "next");
    },
  };
}
