import {
  type Bytes,
  parseRoomUri,
  type RoomUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import { bytesOf, integerOf, isNull, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

/** What the user wants done in a room; it survives crashes until it is done or refused. */
export type IntentKind =
  | "send"
  | "add"
  | "remove"
  | "bringBack"
  | "commit"
  | "component"
  | "metadata"
  | "hub"
  | "policy"
  | "end"
  | "leave"
  | "joinLink"
  | "takeRole";

/**
 * `waiting`: no request is built yet. `submitted`: `request` may have reached the hub; it is
 * repeated byte for byte until a final answer. `accepted`: the hub took it; the echo in the
 * stream completes it. `held`: a message that waits for the user's word.
 */
export type IntentStatus = "waiting" | "submitted" | "accepted" | "held";

export type IntentRow = {
  readonly serial: number;
  readonly room: RoomUri;
  readonly kind: IntentKind;
  readonly status: IntentStatus;
  readonly createdAt: number;
  readonly body: Bytes;
  /** What the user gives as a reason for it; mostly nothing. */
  readonly reason: string;
  readonly request: Bytes | undefined;
  /** Hex SHA-256 of what the stream will echo (the MLSMessage), to recognise it. */
  readonly requestHash: string | undefined;
  /** Where the hub put it, and when, once it said so. */
  readonly accepted: { readonly position: number; readonly acceptedAt: number } | undefined;
};

export type NewIntent = Pick<IntentRow, "room" | "kind" | "createdAt"> & {
  readonly body: Uint8Array;
  readonly reason?: string | undefined;
};

export interface Intents {
  add(row: NewIntent): number;
  /** The same, before all that there are: for what was said before them and goes out again. */
  addFirst(row: NewIntent): number;
  get(serial: number): IntentRow | undefined;
  /** All intents of a room, or of all rooms, oldest first. */
  list(room?: RoomUri): readonly IntentRow[];
  /**
   * The oldest that waits for its turn or its answer, but for those named. Like the next two it reads no
   * others, however many there are: it is asked at every step.
   */
  next(room: RoomUri, but: ReadonlySet<number>): IntentRow | undefined;
  /** Whether a change of the room, not a message, was taken and its echo is still to come. */
  awaitsChange(room: RoomUri): boolean;
  /** Messages that the hub took at positions up to one, and whose echo is still to come. */
  acceptedSends(room: RoomUri, through: number): readonly IntentRow[];
  /** Of the oldest of a kind. */
  oldest(room: RoomUri, kind: IntentKind): IntentRow | undefined;
  byHash(room: RoomUri, requestHash: string): IntentRow | undefined;
  submit(serial: number, request: Uint8Array, requestHash: string): void;
  setStatus(serial: number, status: IntentStatus): void;
  /** The hub took it, and its echo is still to come. */
  accept(serial: number, at: { readonly position: number; readonly acceptedAt: number }): void;
  /** Back to `waiting`, without a request: the hub refused these bytes for good. */
  reset(serial: number): void;
  /** Replaces what is wanted, for instance after part of it was done. */
  setBody(serial: number, body: Uint8Array): void;
  delete(serial: number): void;
}

export function createIntents(sql: SqlTx, seal: Seal): Intents {
  const parse = (row: SqlRow): IntentRow => {
    const room = parseRoomUri(textOf(row, "room"));
    return {
      serial: integerOf(row, "serial"),
      room,
      kind: parseKind(textOf(row, "kind")),
      status: parseStatus(textOf(row, "status")),
      createdAt: integerOf(row, "created_at"),
      body: seal.open(`intents/${room}/body`, bytesOf(row, "sealed_body")),
      reason: isNull(row, "sealed_reason")
        ? ""
        : utf8Decode(seal.open(`intents/${room}/reason`, bytesOf(row, "sealed_reason"))),
      request: isNull(row, "sealed_request")
        ? undefined
        : seal.open(`intents/${room}/request`, bytesOf(row, "sealed_request")),
      requestHash: isNull(row, "request_hash") ? undefined : textOf(row, "request_hash"),
      accepted: isNull(row, "accepted_position")
        ? undefined
        : {
            position: integerOf(row, "accepted_position"),
            acceptedAt: integerOf(row, "accepted_at"),
          },
    };
  };
  const roomOf = (serial: number) => {
    const row = sql.all("SELECT room FROM intents WHERE serial = ?", serial)[0];
    return row === undefined ? undefined : textOf(row, "room");
  };
  const add = (row: NewIntent) => {
    const { room, kind, createdAt, body, reason = "" } = row;
    return sql.run(
      `INSERT INTO intents (room, kind, status, created_at, sealed_body, sealed_reason)
       VALUES (?, ?, 'waiting', ?, ?, ?)`,
      room,
      kind,
      createdAt,
      seal.seal(`intents/${room}/body`, body),
      reason === "" ? null : seal.seal(`intents/${room}/reason`, utf8Encode(reason)),
    ).lastId;
  };
  return {
    add,
    addFirst(row) {
      // No number is given twice, so neither is its opposite; the last one added is before all others.
      const serial = add(row);
      sql.run("UPDATE intents SET serial = ? WHERE serial = ?", -serial, serial);
      return -serial;
    },
    get(serial) {
      const row = sql.all("SELECT * FROM intents WHERE serial = ?", serial)[0];
      return row === undefined ? undefined : parse(row);
    },
    list(room) {
      const rows =
        room === undefined
          ? sql.all("SELECT * FROM intents ORDER BY serial")
          : sql.all("SELECT * FROM intents WHERE room = ? ORDER BY serial", room);
      return rows.map(parse);
    },
    next(room, but) {
      // The index has exactly those with such a status.
      const row = sql.all(
        `SELECT * FROM intents WHERE room = ? AND status IN ('waiting', 'submitted')
         AND serial NOT IN (SELECT value FROM json_each(?)) ORDER BY serial LIMIT 1`,
        room,
        JSON.stringify([...but]),
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    awaitsChange(room) {
      const rows = sql.all(
        `SELECT serial FROM intents WHERE room = ? AND kind <> 'send' AND status = 'accepted'
         ORDER BY serial LIMIT 1`,
        room,
      );
      return rows.length > 0;
    },
    acceptedSends(room, through) {
      const rows = sql.all(
        `SELECT * FROM intents
         WHERE room = ? AND kind = 'send' AND status = 'accepted' AND accepted_position <= ?
         ORDER BY serial`,
        room,
        through,
      );
      return rows.map(parse);
    },
    oldest(room, kind) {
      const row = sql.all(
        "SELECT * FROM intents WHERE room = ? AND kind = ? ORDER BY serial LIMIT 1",
        room,
        kind,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    byHash(room, requestHash) {
      const row = sql.all(
        "SELECT * FROM intents WHERE request_hash = ? AND room = ? ORDER BY serial",
        requestHash,
        room,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    submit(serial, request, requestHash) {
      sql.run(
        `UPDATE intents SET status = 'submitted', sealed_request = ?, request_hash = ?
         WHERE serial = ?`,
        seal.seal(`intents/${roomOf(serial)}/request`, request),
        requestHash,
        serial,
      );
    },
    setStatus(serial, status) {
      sql.run("UPDATE intents SET status = ? WHERE serial = ?", status, serial);
    },
    accept(serial, { position, acceptedAt }) {
      sql.run(
        `UPDATE intents SET status = 'accepted', accepted_position = ?, accepted_at = ?
         WHERE serial = ?`,
        position,
        acceptedAt,
        serial,
      );
    },
    reset(serial) {
      sql.run(
        `UPDATE intents SET status = 'waiting', sealed_request = NULL, request_hash = NULL,
           accepted_position = NULL, accepted_at = NULL
         WHERE serial = ?`,
        serial,
      );
    },
    setBody(serial, body) {
      sql.run(
        "UPDATE intents SET sealed_body = ? WHERE serial = ?",
        seal.seal(`intents/${roomOf(serial)}/body`, body),
        serial,
      );
    },
    delete(serial) {
      sql.run("DELETE FROM intents WHERE serial = ?", serial);
    },
  };
}

const kinds: readonly IntentKind[] = [
  ...(["send", "add", "remove", "commit", "component"] as const),
  ...(["metadata", "policy", "hub", "end", "leave"] as const),
  ...(["joinLink", "takeRole", "bringBack"] as const),
];
const statuses: readonly IntentStatus[] = ["waiting", "submitted", "accepted", "held"];

function parseKind(text: string): IntentKind {
  const kind = kinds.find((known) => known === text);
  if (kind === undefined) throw new TypeError(`unknown intent ${text}`);
  return kind;
}

function parseStatus(text: string): IntentStatus {
  const status = statuses.find((known) => known === text);
  if (status === undefined) throw new TypeError(`unknown intent status ${text}`);
  return status;
}
