import type { Bytes } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlTx, textOf } from "./port.ts";

export type Cursor = {
  /** The stream's name: a room URI, or the client's own URI for its inbox. */
  readonly stream: string;
  /** Applied up to and including this position. */
  readonly position: number;
  /** Hash of the entry at this position; empty before the first and in an inbox. */
  readonly hash: Bytes;
};

export interface Cursors {
  get(stream: string): Cursor | undefined;
  list(): readonly Cursor[];
  set(cursor: Cursor): void;
  delete(stream: string): void;
}

export function createCursors(sql: SqlTx): Cursors {
  return {
    get(stream) {
      const row = sql.all("SELECT * FROM cursors WHERE stream = ?", stream)[0];
      if (row === undefined) return undefined;
      return { stream, position: integerOf(row, "position"), hash: bytesOf(row, "hash") };
    },
    list() {
      return sql.all("SELECT * FROM cursors ORDER BY stream").map((row) => ({
        stream: textOf(row, "stream"),
        position: integerOf(row, "position"),
        hash: bytesOf(row, "hash"),
      }));
    },
    set(cursor) {
      sql.run(
        `INSERT INTO cursors (stream, position, hash) VALUES (?, ?, ?)
         ON CONFLICT (stream) DO UPDATE SET position = excluded.position, hash = excluded.hash`,
        cursor.stream,
        cursor.position,
        cursor.hash,
      );
    },
    delete(stream) {
      sql.run("DELETE FROM cursors WHERE stream = ?", stream);
    },
  };
}
