import type { RoomUri } from "@treehouse/protocol";

import { parseMessageRow } from "./message-rows.ts";
import type { MessageRow } from "./messages.ts";
import { integerOf, type SqlRow, type SqlTx } from "./port.ts";
import type { Seal } from "./seal.ts";

/** What was done to messages. What somebody else told of one counts if the same one told the message. */
export interface MessageChanges {
  /** The changes of a message that count, in the order of the conversation. */
  changesOf(room: RoomUri, target: string): readonly MessageRow[];
  /** Also those that do not count: for whoever erases, or looks for what was taken back. */
  allChangesOf(room: RoomUri, target: string): readonly MessageRow[];
  countChanges(room: RoomUri, target: string): number;
  /** Of one user, also those that are gone. */
  countChangesBy(room: RoomUri, target: string, author: string): number;
  /** The changes of one kind in a room, in the order of the conversation. */
  changesOfKind(room: RoomUri, what: string): readonly MessageRow[];
}

/** FED-1060: a member's word changes nothing but what is the same member's word. */
const counts = `(one.hearsay = 0 OR one.told_by =
  (SELECT told_by FROM messages WHERE room = one.room AND message_id = one.target))`;
const aboutOne = "FROM messages AS one WHERE room = ? AND target = ?";
// The `+` keeps the engine from walking through all of the room in the order that is asked for.
const inOrder = "ORDER BY +one.position";
const statements = {
  counting: `SELECT * ${aboutOne} AND kind = 'change' AND ${counts} ${inOrder}`,
  all: `SELECT * ${aboutOne} AND kind = 'change' ${inOrder}`,
  count: `SELECT count(*) AS changes ${aboutOne} AND ${counts}`,
  countBy: `SELECT count(*) AS changes ${aboutOne} AND author = ? AND ${counts}`,
  ofKind: `SELECT * FROM messages AS one WHERE room = ? AND what = ? AND kind = 'change'
    AND ${counts} ORDER BY position`,
};

export function createMessageChanges(sql: SqlTx, seal: Seal): MessageChanges {
  const parse = (row: SqlRow): MessageRow => parseMessageRow(row, seal);
  const count = (row: SqlRow | undefined) => (row === undefined ? 0 : integerOf(row, "changes"));
  return {
    changesOf: (room, target) => sql.all(statements.counting, room, target).map(parse),
    allChangesOf: (room, target) => sql.all(statements.all, room, target).map(parse),
    countChanges: (room, target) => count(sql.all(statements.count, room, target)[0]),
    countChangesBy(room, target, author) {
      return count(sql.all(statements.countBy, room, target, seal.mark("author", author))[0]);
    },
    changesOfKind: (room, what) => sql.all(statements.ofKind, room, what).map(parse),
  };
}
