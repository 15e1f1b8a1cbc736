import type { RoomUri } from "@treehouse/protocol";

import { integerOf, type SqlTx, textOf } from "./port.ts";

/** What counts: others' messages, and those among them that name this user. */
export type Unread = { readonly messages: number; readonly mentions: number };

export interface UnreadMessages {
  /** What counts behind a position. */
  count(room: RoomUri, after: number): Unread;
  /** The ids of others' messages behind a position and up to another, the newest `limit`, descending. */
  within(room: RoomUri, after: number, upTo: number, limit: number): readonly string[];
  /** The newest position of what was accepted by then; 0 where nothing was. */
  acceptedBy(room: RoomUri, time: number): number;
}

export function createUnreadMessages(sql: SqlTx): UnreadMessages {
  return {
    count(room, after) {
      const row = sql.all(
        `SELECT count(*) AS messages, count(*) FILTER (WHERE counts = 2) AS mentions
         FROM messages WHERE room = ? AND position > ? AND counts > 0`,
        room,
        after,
      )[0];
      if (row === undefined) return { messages: 0, mentions: 0 };
      return { messages: integerOf(row, "messages"), mentions: integerOf(row, "mentions") };
    },
    within(room, after, upTo, limit) {
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
    acceptedBy(room, time) {
      const row = sql.all(
        `SELECT position FROM messages WHERE room = ? AND accepted_at <= ?
         ORDER BY position DESC LIMIT 1`,
        room,
        time,
      )[0];
      return row === undefined ? 0 : integerOf(row, "position");
    },
  };
}
