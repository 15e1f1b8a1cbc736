import { encodeEntry, entryHash, firstPrevious, utf8Encode } from "@treehouse/protocol";
import type { Bytes, RoomUri, SignedHead } from "@treehouse/protocol";
import { z } from "zod";
import type { Database, ReadTx, Tx } from "../../src/platform/index.ts";

/**
 * What stands in for the modules that keep rooms and contacts: the logs of the rooms hosted here,
 * and what arrived from elsewhere, in tables of the same database.
 */
export class RoomTables {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database) {
    this.#database = database;
  }

  async create(): Promise<void> {
    await this.#database.transaction((tx) => {
      this.#database.sql(tx).$client.exec(`
        CREATE TABLE test_log (room TEXT, position INTEGER, bytes BLOB, PRIMARY KEY (room, position));
        CREATE TABLE test_received (id INTEGER PRIMARY KEY, room TEXT, position INTEGER, bytes BLOB);
        CREATE INDEX test_received_by_room ON test_received (room, id);
        CREATE TABLE test_heads (room TEXT PRIMARY KEY, position INTEGER);
        CREATE TABLE test_notes (id INTEGER PRIMARY KEY, note TEXT);
      `);
    });
  }

  /** Adds a message to the log of a room hosted here. */
  append(tx: Tx, room: RoomUri, text: string): { position: number; bytes: Bytes } {
    const last = this.last(tx, room);
    const position = (last?.position ?? 0) + 1;
    const previous = last === undefined ? firstPrevious : entryHash(last.bytes);
    const bytes = entryOf(room, position, previous, text);
    this.#run(tx, "INSERT INTO test_log VALUES (?, ?, ?)", room, position, bytes);
    return { position, bytes };
  }

  /** The newest entry of a room hosted here. */
  last(tx: ReadTx, room: RoomUri): Placed | undefined {
    const sql =
      "SELECT position, bytes FROM test_log WHERE room = ? ORDER BY position DESC LIMIT 1";
    return placedRows.parse(this.#all(tx, sql, room))[0];
  }

  entry(tx: ReadTx, room: RoomUri, position: number): Bytes | undefined {
    const sql = "SELECT bytes FROM test_log WHERE room = ? AND position = ? ORDER BY position";
    const [row] = bytesRows.parse(this.#all(tx, sql, room, position));
    return row?.bytes;
  }

  /** Lets the entries of a room go, as retention does. */
  expire(tx: Tx, room: RoomUri, upTo: number): void {
    this.#run(tx, "DELETE FROM test_log WHERE room = ? AND position <= ?", room, upTo);
  }

  log(tx: ReadTx, room: RoomUri): readonly Placed[] {
    const sql = "SELECT position, bytes FROM test_log WHERE room = ? ORDER BY position";
    return placedRows.parse(this.#all(tx, sql, room));
  }

  receive(tx: Tx, room: RoomUri, position: number, bytes: Uint8Array): void {
    const sql = "INSERT INTO test_received (room, position, bytes) VALUES (?, ?, ?)";
    this.#run(tx, sql, room, position, bytes);
  }

  /** In the order of arrival. */
  received(tx: ReadTx, room: RoomUri): readonly Placed[] {
    const sql = "SELECT position, bytes FROM test_received WHERE room = ? ORDER BY id";
    return placedRows.parse(this.#all(tx, sql, room));
  }

  lastReceived(tx: ReadTx, room: RoomUri): number {
    const sql = "SELECT position FROM test_received WHERE room = ? ORDER BY id DESC LIMIT 1";
    return positionRows.parse(this.#all(tx, sql, room))[0]?.position ?? 0;
  }

  keepHead(tx: Tx, { head }: SignedHead): void {
    const sql = "INSERT OR REPLACE INTO test_heads VALUES (?, max(?, ?))";
    this.#run(tx, sql, head.room, head.position, this.headOf(tx, head.room));
  }

  /** The highest position that a head of the room's hub covers. */
  headOf(tx: ReadTx, room: RoomUri): number {
    const sql = "SELECT position FROM test_heads WHERE room = ? ORDER BY room";
    const [row] = positionRows.parse(this.#all(tx, sql, room));
    return row?.position ?? 0;
  }

  /** Keeps something that was said about no room. */
  note(tx: Tx, note: string): void {
    this.#run(tx, "INSERT INTO test_notes (note) VALUES (?)", note);
  }

  notes(tx: ReadTx): readonly string[] {
    const rows = noteRows.parse(this.#all(tx, "SELECT note FROM test_notes ORDER BY id"));
    return rows.map(({ note }) => note);
  }

  /** Forgets how far the streams of others have come, as an older database would. */
  forgetInbound(tx: Tx): void {
    this.#run(tx, "DELETE FROM federation_inbound");
  }

  /** Puts the streams to others back to where they had given so many numbers, all of them taken. */
  setBackOutbox(tx: Tx, kept: number): void {
    this.#run(tx, "DELETE FROM federation_outbox");
    this.#run(tx, "UPDATE federation_peers SET kept = ?", kept);
  }

  /** Repeats the newest item of each peer until it has so many. */
  fillOutbox(tx: Tx, count: number): void {
    this.#run(
      tx,
      `WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?)
       INSERT OR IGNORE INTO federation_outbox (peer, sequence, form, room, position, added_at)
       SELECT o.peer, n.value, o.form, o.room, o.position, o.added_at
       FROM federation_outbox o, n WHERE o.sequence =
         (SELECT max(sequence) FROM federation_outbox WHERE peer = o.peer)`,
      count,
    );
  }

  /** Adds so many servers to which one item each is to be sent. */
  fillPeers(tx: Tx, count: number): void {
    const numbers =
      "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < ?)";
    this.#run(
      tx,
      `INSERT INTO federation_peers (id, domain, incarnation, base, kept)
       ${numbers} SELECT 1000 + value, 'typed-' || value || '.example', zeroblob(16), 0, 0 FROM n`,
      count,
    );
    this.#run(
      tx,
      `INSERT INTO federation_outbox (peer, sequence, form, room, position, added_at)
       ${numbers} SELECT 1000 + value, 1, 6, 0, 0, 0 FROM n`,
      count,
    );
  }

  incarnations(tx: ReadTx): readonly Bytes[] {
    const sql = "SELECT incarnation AS bytes FROM federation_peers ORDER BY id";
    return bytesRows.parse(this.#all(tx, sql)).map(({ bytes }) => bytes);
  }

  /** Rows that the outbox still has. */
  outboxRows(tx: ReadTx): number {
    const sql = "SELECT count(*) AS position FROM federation_outbox ORDER BY position";
    return positionRows.parse(this.#all(tx, sql))[0]?.position ?? 0;
  }

  #all(tx: ReadTx, sql: string, ...values: readonly unknown[]): unknown[] {
    return this.#statement(tx, sql).all(...values);
  }

  #run(tx: Tx, sql: string, ...values: readonly unknown[]): void {
    this.#statement(tx, sql).run(...values);
  }

  #statement(tx: ReadTx, sql: string): Statement {
    const { $client } = this.#database.sql(tx);
    const known = this.#statements.get(sql) ?? $client.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

type Statement = {
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
};

export type Placed = { readonly position: number; readonly bytes: Bytes };

const octets = z.instanceof(Uint8Array).transform((value) => new Uint8Array(value));
const bytesRows = z.array(z.object({ bytes: octets }));
const placedRows = z.array(z.object({ position: z.int(), bytes: octets }));
const positionRows = z.array(z.object({ position: z.int() }));
const noteRows = z.array(z.object({ note: z.string() }));

export function entryOf(room: RoomUri, position: number, previous: Bytes, text: string): Bytes {
  return encodeEntry({
    kind: "application",
    ephemeral: false,
    room,
    generation: 0,
    term: 1,
    position,
    previous,
    acceptedAt: 1_000 + position,
    message: utf8Encode(text),
    frank: undefined,
  });
}
