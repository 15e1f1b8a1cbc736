import { decodeEntry, type Entry, peekMlsMessage } from "@treehouse/protocol";
import BetterSqlite3 from "better-sqlite3";
import type { SimServer } from "./sim-server.ts";

export type LogRow = {
  readonly position: number;
  readonly bytes: Buffer;
  readonly entry: Entry;
  /** In which epoch it was made; undefined where it is in none. */
  readonly epoch: number | undefined;
};

/** One server's tables as they are on its disk. */
export class Tables {
  readonly #database: BetterSqlite3.Database;

  constructor(server: SimServer) {
    this.#database = new BetterSqlite3(server.databasePath, { readonly: true });
  }

  close(): void {
    this.#database.close();
  }

  log(room: string): readonly LogRow[] {
    const rows = this.#database
      .prepare<[string], { position: number; bytes: Buffer }>(
        `SELECT position, bytes FROM queuing_entries
         WHERE stream = (SELECT id FROM queuing_streams WHERE name = ?) ORDER BY position`,
      )
      .all(room);
    return rows.map((row) => {
      const entry = decodeEntry(row.bytes);
      return { ...row, entry, epoch: epochOf(entry) };
    });
  }

  head(room: string): number {
    const sql = `SELECT coalesce(max(position), 0) AS n FROM queuing_entries
      WHERE stream = (SELECT id FROM queuing_streams WHERE name = ?)`;
    return this.#database.prepare<[string], { n: number }>(sql).get(room)?.n ?? 0;
  }

  /** The clients of the leaves, as the hub has them. */
  members(room: string): readonly string[] {
    return this.#strings(
      `SELECT client FROM delivery_members
       WHERE room_id = (SELECT id FROM delivery_rooms WHERE room = ?) ORDER BY client`,
      room,
    );
  }

  outbox(): number {
    return this.#count("SELECT count(*) AS n FROM federation_outbox");
  }

  dead(): number {
    return this.#count("SELECT count(*) AS n FROM federation_dead");
  }

  /** Streams that some client has not acknowledged to their end. */
  unread(): readonly string[] {
    return this.#strings(
      `SELECT s.name || ' by ' || c.name || ' at ' || x.cursor AS client
       FROM queuing_subscriptions x
       JOIN queuing_streams s ON s.id = x.stream JOIN queuing_streams c ON c.id = x.client
       WHERE x.cursor < min(
         coalesce(x.up_to, 9e15),
         (SELECT coalesce(max(position), 0) FROM queuing_entries e WHERE e.stream = x.stream))
       ORDER BY 1`,
    );
  }

  integrity(): string {
    return String(this.#database.pragma("quick_check", { simple: true }));
  }

  #count(sql: string): number {
    return this.#database.prepare<[], { n: number }>(sql).get()?.n ?? 0;
  }

  #strings(sql: string, ...values: string[]): readonly string[] {
    return this.#database
      .prepare<string[], { client: string }>(sql)
      .all(...values)
      .map(({ client }) => client);
  }
}

function epochOf(entry: Entry): number | undefined {
  if (entry.kind === "commit") return entry.epoch;
  if (entry.kind !== "application") return undefined;
  const framing = peekMlsMessage(entry.message);
  return "epoch" in framing ? framing.epoch : undefined;
}
