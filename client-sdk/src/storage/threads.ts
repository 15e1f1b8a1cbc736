import { type RoomUri, toHex, type UserUri } from "@treehouse/protocol";

import { parseMessageRow, topicMark, topicPlace } from "./message-rows.ts";
import type { MessageRow } from "./messages.ts";
import { bytesOf, integerOf, type SqlRow, type SqlTx } from "./port.ts";
import type { Seal } from "./seal.ts";
import type { Unread } from "./unread.ts";

/** One thread of a room. */
export type ThreadRow = {
  /** Hex of the MIMI topic. */
  readonly topic: string;
  readonly messages: number;
  readonly last: number;
};

/** Messages by the thread that they belong to. */
export interface Threads {
  /** The threads in which something was said, the latest first. */
  list(room: RoomUri, limit: number): readonly ThreadRow[];
  /** Whether this user has said something in the thread. */
  isOf(room: RoomUri, topic: string, user: UserUri): boolean;
  /** The newest messages of a thread before a position, ascending. */
  page(
    room: RoomUri,
    topic: string,
    page: { readonly before: number | undefined; readonly limit: number },
  ): readonly MessageRow[];
  /** What counts in a thread behind a position. */
  countUnread(room: RoomUri, topic: string, after: number): Unread;
}

export function createThreads(sql: SqlTx, seal: Seal): Threads {
  const parse = (row: SqlRow) => parseMessageRow(row, seal);
  return {
    list(room, limit) {
      const rows = sql.all(
        `SELECT max(position) AS last, count(*) AS messages, sealed_topic FROM messages
         WHERE room = ? AND topic IS NOT NULL AND kind = 'content'
         GROUP BY topic ORDER BY last DESC LIMIT ?`,
        room,
        limit,
      );
      return rows.map((row) => {
        const last = integerOf(row, "last");
        const topic = toHex(seal.open(topicPlace(room, last), bytesOf(row, "sealed_topic")));
        return { topic, messages: integerOf(row, "messages"), last };
      });
    },
    isOf(room, topic, user) {
      const rows = sql.all(
        "SELECT serial FROM messages WHERE room = ? AND topic = ? AND author = ? LIMIT 1",
        room,
        topicMark(seal, room, topic),
        seal.mark("author", user),
      );
      return rows.length > 0;
    },
    page(room, topic, { before, limit }) {
      const rows = sql.all(
        `SELECT * FROM messages WHERE room = ? AND topic = ? AND position < ? AND kind = 'content'
         ORDER BY position DESC LIMIT ?`,
        room,
        topicMark(seal, room, topic),
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      );
      return rows.map(parse).toReversed();
    },
    countUnread(room, topic, after) {
      const row = sql.all(
        `SELECT count(*) AS messages, count(*) FILTER (WHERE counts = 2) AS mentions
         FROM messages WHERE room = ? AND topic = ? AND position > ? AND counts > 0`,
        room,
        topicMark(seal, room, topic),
        after,
      )[0];
      if (row === undefined) return { messages: 0, mentions: 0 };
      return { messages: integerOf(row, "messages"), mentions: integerOf(row, "mentions") };
    },
  };
}
