import { parseUserUri, type RoomUri, type UserUri } from "@treehouse/protocol";

import { integerOf, type SqlTx, textOf } from "./port.ts";

/** How far somebody says that messages have reached one of their clients, and that they have read. */
export type Receipt = {
  readonly user: UserUri;
  readonly read: number;
  /** What was read has come. */
  readonly delivered: number;
};

export interface Receipts {
  /** By user. */
  of(room: RoomUri): readonly Receipt[];
  /** Answers whether it is farther than before. */
  note(room: RoomUri, user: UserUri, state: "read" | "delivered", position: number): boolean;
}

export function createReceipts(sql: SqlTx): Receipts {
  return {
    of: (room) =>
      sql.all("SELECT * FROM receipts WHERE room = ? ORDER BY user", room).map((row) => {
        const read = integerOf(row, "read");
        const delivered = Math.max(read, integerOf(row, "delivered"));
        return { user: parseUserUri(textOf(row, "user")), read, delivered };
      }),
    note(room, user, state, position) {
      const { changes } = sql.run(
        state === "read"
          ? `INSERT INTO receipts (room, user, read) VALUES (?, ?, ?)
             ON CONFLICT (room, user) DO UPDATE SET read = excluded.read
             WHERE excluded.read > read`
          : `INSERT INTO receipts (room, user, read, delivered) VALUES (?, ?, 0, ?)
             ON CONFLICT (room, user) DO UPDATE SET delivered = excluded.delivered
             WHERE excluded.delivered > max(delivered, read)`,
        room,
        user,
        position,
      );
      return changes > 0;
    },
  };
}
