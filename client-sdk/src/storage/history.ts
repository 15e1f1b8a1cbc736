import { parseRoomUri, type RoomUri, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import { parseMessageRow } from "./message-rows.ts";
import type { MessageRow } from "./messages.ts";
import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Where a row stands among all rooms: by time, and at one time by room and position. */
export type HistoryKey = Pick<MessageRow, "acceptedAt" | "room" | "position">;

/** From when to when, in milliseconds since the Unix epoch: the end is not in it. */
export type Span = { readonly from: number; readonly to: number };

export type RowsWanted = Span & {
  readonly rooms?: readonly RoomUri[] | undefined;
  /** Goes on behind this row, in whichever direction. */
  readonly after?: HistoryKey | undefined;
  readonly limit: number;
  readonly newestFirst?: boolean;
};

/** A room of which there is history and no membership: it was told by an archive. */
export type ToldRoom = { readonly room: RoomUri; readonly template: string; readonly name: string };

/** History over all rooms, as it travels between clients. */
export interface HistoryRows {
  /** Messages, changes, what is left of those taken back, and events; never faults or blocked ones. */
  page(wanted: RowsWanted): readonly MessageRow[];
  /** What stands at a place or under an id, whatever its kind. */
  at(room: RoomUri, place: { readonly position: number } | { readonly messageId: string }): Stands;
  toldRooms(): readonly ToldRoom[];
  toldRoom(room: RoomUri): ToldRoom | undefined;
  noteRoom(room: ToldRoom): void;
  /** The hours in which something has changed since it was written to the backup. */
  changed(): readonly ChangedHour[];
  /** All counts as changed. */
  changeAll(): void;
  /** They are written, unless something has changed in them meanwhile. */
  forgetChanged(hours: readonly ChangedHour[]): void;
  /** No others than these count as changed. */
  keepChanged(hours: readonly ChangedHour[]): void;
  /** Whether this store holds all that a segment of the backup does. */
  isMerged(link: string): boolean;
  noteMerged(link: string): void;
  forgetMerged(): void;
}

/** An hour since the Unix epoch; `mark` is another one whenever something changes in it. */
export type ChangedHour = { readonly hour: number; readonly mark: number };

type Stands = Pick<MessageRow, "kind" | "messageId" | "position" | "toldBy"> | undefined;

const ascending = `SELECT * FROM messages
  WHERE (accepted_at, room, position) > (?, ?, ?) AND accepted_at < ?
  AND kind IN ('content', 'change', 'deleted', 'withdrawn', 'event')
  AND (? IS NULL OR room IN (SELECT value FROM json_each(?)))
  ORDER BY accepted_at, room, position LIMIT ?`;
const descending = `SELECT * FROM messages
  WHERE (accepted_at, room, position) < (?, ?, ?) AND accepted_at >= ?
  AND kind IN ('content', 'change', 'deleted', 'withdrawn', 'event')
  AND (? IS NULL OR room IN (SELECT value FROM json_each(?)))
  ORDER BY accepted_at DESC, room DESC, position DESC LIMIT ?`;
const toldSchema = z.object({ template: z.string(), name: z.string() });

export function createHistoryRows(sql: SqlTx, seal: Seal): HistoryRows {
  const toldPlace = (room: string) => `told_rooms/${room}`;
  const parseTold = (row: SqlRow): ToldRoom => {
    const room = parseRoomUri(textOf(row, "room"));
    const text = utf8Decode(seal.open(toldPlace(room), bytesOf(row, "sealed_room")));
    return { room, ...toldSchema.parse(JSON.parse(text)) };
  };
  return {
    page({ from, to, rooms, after, limit, newestFirst = false }) {
      const begin = after ?? { acceptedAt: newestFirst ? to : from, room: "", position: -1 };
      const list = rooms === undefined ? null : JSON.stringify(rooms);
      return sql
        .all(
          newestFirst ? descending : ascending,
          begin.acceptedAt,
          begin.room,
          begin.position,
          newestFirst ? from : to,
          list,
          list,
          limit,
        )
        .map((row) => parseMessageRow(row, seal));
    },
    at(room, place) {
      const row =
        "position" in place
          ? sql.all(
              "SELECT * FROM messages WHERE room = ? AND position = ?",
              room,
              place.position,
            )[0]
          : sql.all(
              "SELECT * FROM messages WHERE room = ? AND message_id = ?",
              room,
              place.messageId,
            )[0];
      if (row === undefined) return undefined;
      const { kind, messageId, position, toldBy } = parseMessageRow(row, seal);
      return { kind, messageId, position, toldBy };
    },
    toldRooms() {
      return sql.all("SELECT * FROM told_rooms ORDER BY room").map(parseTold);
    },
    toldRoom(room) {
      const row = sql.all("SELECT * FROM told_rooms WHERE room = ?", room)[0];
      return row === undefined ? undefined : parseTold(row);
    },
    changed() {
      return sql
        .all("SELECT hour, mark FROM history_changed ORDER BY hour")
        .map((row) => ({ hour: integerOf(row, "hour"), mark: integerOf(row, "mark") }));
    },
    changeAll() {
      sql.run(
        `INSERT INTO history_changed (hour)
           SELECT DISTINCT accepted_at / 3600000 FROM messages WHERE true ON CONFLICT DO NOTHING`,
      );
    },
    forgetChanged(hours) {
      for (const { hour, mark } of hours) {
        sql.run("DELETE FROM history_changed WHERE hour = ? AND mark = ?", hour, mark);
      }
    },
    keepChanged(hours) {
      const kept = JSON.stringify(hours.map(({ hour }) => hour));
      sql.run(
        "DELETE FROM history_changed WHERE hour NOT IN (SELECT value FROM json_each(?))",
        kept,
      );
    },
    isMerged: (link) => sql.all("SELECT 1 FROM backup_merged WHERE link = ?", link).length > 0,
    noteMerged(link) {
      sql.run("INSERT INTO backup_merged (link) VALUES (?) ON CONFLICT DO NOTHING", link);
    },
    forgetMerged() {
      sql.run("DELETE FROM backup_merged");
    },
    noteRoom({ room, template, name }) {
      sql.run(
        "INSERT INTO told_rooms (room, sealed_room) VALUES (?, ?) ON CONFLICT DO NOTHING",
        room,
        seal.seal(toldPlace(room), utf8Encode(JSON.stringify({ template, name }))),
      );
    },
  };
}
