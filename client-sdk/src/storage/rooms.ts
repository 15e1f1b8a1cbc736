import { type Bytes, parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/**
 * `founding`: reserved at the hub, the answer to the founding request is not known yet.
 * `joined`: a member. `left`: asked to leave; the removing commit may still come.
 * `removed`: the group's secrets are deleted; the history stays.
 */
export type RoomStatus = "founding" | "joined" | "left" | "removed";

export type RoomRow = {
  readonly room: RoomUri;
  readonly template: string;
  readonly status: RoomStatus;
  readonly createdAt: number;
  /** What is kept sealed about the room, as the groups layer encodes it. */
  readonly details: Bytes;
};

export interface Rooms {
  get(room: RoomUri): RoomRow | undefined;
  /** In the order of creation, then by URI. */
  list(): readonly RoomRow[];
  put(row: RoomRow): void;
  setStatus(room: RoomUri, status: RoomStatus): void;
  /** Rows of the MLS group, by name. */
  groupRows(room: RoomUri): ReadonlyMap<string, Bytes>;
  changeGroupRows(
    room: RoomUri,
    change: { readonly put: ReadonlyMap<string, Uint8Array>; readonly delete: readonly string[] },
  ): void;
  /** Forgets every secret of the group; the room and its messages stay. */
  deleteGroup(room: RoomUri): void;
  /** Forgets that there was such a room. */
  delete(room: RoomUri): void;
}

export function createRooms(sql: SqlTx, seal: Seal): Rooms {
  const place = (room: string) => `rooms/${room}`;
  const rowPlace = (room: string, name: string) => `group_rows/${room}/${name}`;
  const parse = (row: SqlRow): RoomRow => {
    const room = parseRoomUri(textOf(row, "room"));
    return {
      room,
      template: textOf(row, "template"),
      status: parseStatus(textOf(row, "status")),
      createdAt: integerOf(row, "created_at"),
      details: seal.open(place(room), bytesOf(row, "sealed_details")),
    };
  };
  return {
    get(room) {
      const row = sql.all("SELECT * FROM rooms WHERE room = ?", room)[0];
      return row === undefined ? undefined : parse(row);
    },
    list() {
      return sql.all("SELECT * FROM rooms ORDER BY created_at, room").map(parse);
    },
    put(row) {
      sql.run(
        `INSERT INTO rooms (room, template, status, created_at, sealed_details)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (room) DO UPDATE SET template = excluded.template,
           status = excluded.status, sealed_details = excluded.sealed_details`,
        row.room,
        row.template,
        row.status,
        row.createdAt,
        seal.seal(place(row.room), row.details),
      );
    },
    setStatus(room, status) {
      sql.run("UPDATE rooms SET status = ? WHERE room = ?", status, room);
    },
    groupRows(room) {
      const rows = sql.all(
        "SELECT name, sealed_value FROM group_rows WHERE room = ? ORDER BY name",
        room,
      );
      return new Map(
        rows.map((row) => {
          const name = textOf(row, "name");
          return [name, seal.open(rowPlace(room, name), bytesOf(row, "sealed_value"))] as const;
        }),
      );
    },
    changeGroupRows(room, change) {
      for (const name of change.delete) {
        sql.run("DELETE FROM group_rows WHERE room = ? AND name = ?", room, name);
      }
      for (const [name, value] of change.put) {
        sql.run(
          `INSERT INTO group_rows (room, name, sealed_value) VALUES (?, ?, ?)
           ON CONFLICT (room, name) DO UPDATE SET sealed_value = excluded.sealed_value`,
          room,
          name,
          seal.seal(rowPlace(room, name), value),
        );
      }
    },
    deleteGroup(room) {
      sql.run("DELETE FROM group_rows WHERE room = ?", room);
    },
    delete(room) {
      sql.run("DELETE FROM group_rows WHERE room = ?", room);
      sql.run("DELETE FROM rooms WHERE room = ?", room);
    },
  };
}

function parseStatus(text: string): RoomStatus {
  if (text === "founding" || text === "joined" || text === "left" || text === "removed") {
    return text;
  }
  throw new TypeError(`unknown room status ${text}`);
}
