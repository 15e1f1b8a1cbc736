import { type Bytes, parseRoomUri, type RoomUri } from "@treehouse/protocol";

import { bytesOf, integerOf, isNull, type SqlRow, type SqlTx } from "./port.ts";
import type { Seal } from "./seal.ts";

/** Where this client stands with the record of a room's acts. */
export type AuditState = {
  /** How many records there are, as far as this client knows. */
  readonly number: number;
  /** The hash over all of them. */
  readonly hash: Bytes;
  /** False after commits were missed: what was done in them is not known. */
  readonly isCurrent: boolean;
  /** Where it was told last, instead of following from a record that is here. */
  readonly told: AuditTold | undefined;
};

/** A head that another member told. */
export type AuditTold = {
  readonly number: number;
  readonly hash: Bytes;
  /** The group and its epoch in which it held. */
  readonly group: string;
  readonly epoch: number;
  /** The newest entry of the room at that time. */
  readonly position: number;
};

export type AuditRow = {
  readonly room: RoomUri;
  readonly number: number;
  /** The epoch that its commit ended, in which group. */
  readonly epoch: number;
  readonly group: string;
  /** Of the commit in the room's log, and when the hub took it; 0 where another member told of it. */
  readonly position: number;
  readonly acceptedAt: number;
  /** The chain's hash with this record. */
  readonly hash: Bytes;
  /** The signed record with who signed it, as the groups layer encodes it. */
  readonly body: Bytes;
};

export interface AuditRows {
  state(room: RoomUri): AuditState | undefined;
  setState(room: RoomUri, state: AuditState): void;
  /** Puts one in; one that is there already stays. */
  add(row: AuditRow): void;
  get(room: RoomUri, number: number): AuditRow | undefined;
  /** The newest `limit` before a number, ascending. */
  page(room: RoomUri, before: number | undefined, limit: number): readonly AuditRow[];
  /** Those after a number, ascending. */
  after(room: RoomUri, number: number, limit: number): readonly AuditRow[];
  /** From which number on nothing is missing up to this one; the next number where this one is. */
  wholeFrom(room: RoomUri, newest: number): number;
  /** The newest that is known to be of before an epoch or a position of a group. */
  lastBefore(room: RoomUri, place: AuditPlace): AuditRow | undefined;
  /** Forgets those behind a number. */
  takeBackTo(room: RoomUri, number: number): void;
  deleteRoom(room: RoomUri): void;
}

/** Of a group, of which it is epochs or positions that count. */
export type AuditPlace = { readonly group: string } & (
  | { readonly epoch: number; readonly position?: undefined }
  | { readonly position: number; readonly epoch?: undefined }
);

export function createAuditRows(sql: SqlTx, seal: Seal): AuditRows {
  const place = (room: string, number: number) => `audit/${room}/${number}`;
  const parse = (row: SqlRow): AuditRow => {
    const room = parseRoomUri(String(row["room"]));
    const number = integerOf(row, "number");
    return {
      room,
      number,
      epoch: integerOf(row, "epoch"),
      group: String(row["group_uri"]),
      position: integerOf(row, "position"),
      acceptedAt: integerOf(row, "accepted_at"),
      hash: bytesOf(row, "hash"),
      body: seal.open(place(room, number), bytesOf(row, "sealed_body")),
    };
  };
  return {
    state(room) {
      const row = sql.all("SELECT * FROM audit_heads WHERE room = ?", room)[0];
      if (row === undefined) return undefined;
      const isCurrent = integerOf(row, "is_current") === 1;
      const told = isNull(row, "told_number")
        ? undefined
        : {
            number: integerOf(row, "told_number"),
            hash: bytesOf(row, "told_hash"),
            group: String(row["told_group"]),
            epoch: integerOf(row, "told_epoch"),
            position: integerOf(row, "told_position"),
          };
      return { number: integerOf(row, "number"), hash: bytesOf(row, "hash"), isCurrent, told };
    },
    setState(room, { number, hash, isCurrent, told }) {
      sql.run(
        `INSERT OR REPLACE INTO audit_heads (room, number, hash, is_current,
           told_number, told_hash, told_group, told_epoch, told_position)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        room,
        number,
        hash,
        isCurrent ? 1 : 0,
        told?.number ?? null,
        told?.hash ?? null,
        told?.group ?? null,
        told?.epoch ?? null,
        told?.position ?? null,
      );
    },
    add({ room, number, epoch, group, position, acceptedAt, hash, body }) {
      sql.run(
        `INSERT INTO audit_records
           (room, number, epoch, group_uri, position, accepted_at, hash, sealed_body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (room, number) DO NOTHING`,
        room,
        number,
        epoch,
        group,
        position,
        acceptedAt,
        hash,
        seal.seal(place(room, number), body),
      );
    },
    get(room, number) {
      const rows = sql.all(
        "SELECT * FROM audit_records WHERE room = ? AND number = ?",
        room,
        number,
      );
      return rows[0] === undefined ? undefined : parse(rows[0]);
    },
    page(room, before = Number.MAX_SAFE_INTEGER, limit) {
      const rows = sql.all(
        `SELECT * FROM audit_records WHERE room = ? AND number < ?
         ORDER BY number DESC LIMIT ?`,
        room,
        before,
        limit,
      );
      return rows.map(parse).toReversed();
    },
    after(room, number, limit) {
      const rows = sql.all(
        "SELECT * FROM audit_records WHERE room = ? AND number > ? ORDER BY number LIMIT ?",
        room,
        number,
        limit,
      );
      return rows.map(parse);
    },
    wholeFrom(room, newest) {
      const [row] = sql.all(
        `SELECT max(number) AS number FROM audit_records AS one WHERE room = ? AND number <= ?
         AND EXISTS (SELECT 1 FROM audit_records WHERE room = one.room AND number = ?)
         AND NOT EXISTS
           (SELECT 1 FROM audit_records WHERE room = one.room AND number = one.number - 1)`,
        room,
        newest,
        newest,
      );
      return row === undefined || isNull(row, "number") ? newest + 1 : integerOf(row, "number");
    },
    lastBefore(room, { group, epoch, position }) {
      // Of one that another member gave it is not known where it stood.
      const rows = sql.all(
        `SELECT * FROM audit_records WHERE room = ?
           AND (group_uri <> ? OR epoch < ? OR (position > 0 AND position < ?))
         ORDER BY number DESC LIMIT 1`,
        room,
        group,
        epoch ?? null,
        position ?? null,
      );
      return rows[0] === undefined ? undefined : parse(rows[0]);
    },
    takeBackTo(room, number) {
      sql.run("DELETE FROM audit_records WHERE room = ? AND number > ?", room, number);
    },
    deleteRoom(room) {
      sql.run("DELETE FROM audit_records WHERE room = ?", room);
      sql.run("DELETE FROM audit_heads WHERE room = ?", room);
    },
  };
}
