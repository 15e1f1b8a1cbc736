import { parseUserUri, type RoomUri, type UserUri } from "@treehouse/protocol";

import { integerOf, type SqlTx, textOf } from "./port.ts";

/** How far others have said that they have read. */
export interface Receipts {
  /** By user. */
  of(room: RoomUri): readonly { readonly user: UserUri; readonly read: number }[];
  /** Answers whether it is farther than before. */
  read(room: RoomUri, user: UserUri, position: number): boolean;
}

export function createReceipts(sql: SqlTx): Receipts {
  return {
    of: (room) =>
      sql
        .all("SELECT user, read FROM receipts WHERE room = ? ORDER BY user", room)
        .map((row) => ({ user: parseUserUri(textOf(row, "user")), read: integerOf(row, "read") })),
    read(room, user, position) {
      const { changes } = sql.run(
        `INSERT INTO receipts (room, user, read) VALUES (?, ?, ?)
         ON CONFLICT (room, user) DO UPDATE SET read = excluded.read WHERE excluded.read > read`,
        room,
        user,
        position,
      );
      return changes > 0;
    },
  };
}
