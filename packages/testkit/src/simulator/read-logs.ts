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

/** One room's log; its positions have a hole where its hub was put back. */
export class Log {
  readonly rows: readonly LogRow[];
  readonly #byPosition: ReadonlyMap<number, LogRow>;
  readonly #voids: readonly {
    readonly from: number;
    readonly to: number;
    readonly epoch: number;
  }[];

  constructor(rows: readonly LogRow[]) {
    this.rows = rows;
    this.#voids = rows.flatMap(({ entry, position }) =>
      entry.kind === "void" ? [{ from: entry.voided, to: position, epoch: entry.epoch }] : [],
    );
    this.#byPosition = new Map(rows.map((row) => [row.position, row]));
  }

  at(position: number): LogRow | undefined {
    return this.#byPosition.get(position);
  }

  /** Whether what stands here is of an epoch that was taken back, or the commit that led to one. */
  isVoid(position: number): boolean {
    const { entry, epoch = 0 } = this.at(position) ?? {};
    return this.#voids.some(({ from, to, epoch: standing }) => {
      if (position < from || position >= to) return false;
      return entry?.kind === "commit" || epoch > standing;
    });
  }
}

/** One server's tables as they are on its disk. */
export class Tables {
  readonly #rows: (sql: string, ...values: readonly string[]) => readonly unknown[];
  readonly #file: BetterSqlite3.Database | undefined;

  constructor({ disk, databasePath }: Pick<SimServer, "disk" | "databasePath">) {
    const file =
      disk === undefined ? new BetterSqlite3(databasePath, { readonly: true }) : undefined;
    this.#file = file;
    this.#rows = (sql, ...values) => (file ?? disk)?.prepare(sql).all(...values) ?? [];
  }

  close(): void {
    this.#file?.close();
  }

  log(room: string): Log {
    const rows = this.#rows(
      `SELECT position, bytes FROM queuing_entries
       WHERE stream = (SELECT id FROM queuing_streams WHERE name = ?) ORDER BY position`,
      room,
    );
    const parsed = rows.map((row) => {
      const bytes = columnOf(row, "bytes");
      if (!Buffer.isBuffer(bytes)) throw new TypeError("an entry has octets");
      const entry = decodeEntry(bytes);
      return { position: numberOf(row, "position"), bytes, entry, epoch: epochOf(entry) };
    });
    return new Log(parsed);
  }

  head(room: string): number {
    return this.#count(
      `SELECT coalesce(max(position), 0) AS n FROM queuing_entries
       WHERE stream = (SELECT id FROM queuing_streams WHERE name = ?)`,
      room,
    );
  }

  /** The clients of the leaves, as the hub has them. */
  members(room: string): readonly string[] {
    return this.#strings(
      `SELECT client AS name FROM delivery_members
       WHERE room_id = (SELECT id FROM delivery_rooms WHERE room = ?) ORDER BY client`,
      room,
    );
  }

  /** With which the hub signs what it says of a room. */
  hubKey(room: string): Uint8Array<ArrayBuffer> {
    const sql = "SELECT hub_public_key AS key FROM delivery_rooms WHERE room = ?";
    const key = columnOf(this.#rows(sql, room)[0], "key");
    if (!Buffer.isBuffer(key)) throw new TypeError("a key has octets");
    return new Uint8Array(key);
  }

  /** What waits for one of these servers; a world has others, which do not take part. */
  outbox(servers: readonly string[]): number {
    return this.#count(
      `SELECT count(*) AS n FROM federation_outbox
       WHERE peer IN (SELECT id FROM federation_peers
         WHERE domain IN (SELECT value FROM json_each(?)))`,
      JSON.stringify(servers),
    );
  }

  dead(): number {
    return this.#count("SELECT count(*) AS n FROM federation_dead");
  }

  /** Inboxes that some client has not acknowledged to their end, and the stream of this room. */
  unread(room: string): readonly string[] {
    return this.#strings(
      `SELECT s.name || ' by ' || c.name || ' at ' || x.cursor AS name
       FROM queuing_subscriptions x
       JOIN queuing_streams s ON s.id = x.stream JOIN queuing_streams c ON c.id = x.client
       WHERE (s.id = c.id OR s.name = ?) AND x.cursor < min(
         coalesce(x.up_to, 9e15),
         (SELECT coalesce(max(position), 0) FROM queuing_entries e WHERE e.stream = x.stream))
       ORDER BY 1`,
      room,
    );
  }

  /** Rooms of other servers of which this one knows that it lacks something, and asks for it. */
  behind(): readonly string[] {
    return this.#strings(
      `SELECT f.room AS name FROM delivery_followed f
       JOIN delivery_followed_heads h ON h.room_id = f.id
       WHERE h.seen > h.position AND h.frozen = 0 ORDER BY 1`,
    );
  }

  /** How many rows there are of what must not grow without end. */
  sizes(tolerated = ""): Readonly<Record<"entries" | "outbox" | "requests" | "rejected", number>> {
    const row = this.#rows(
      `SELECT (SELECT count(*) FROM queuing_entries) AS entries,
         (SELECT count(*) FROM federation_outbox) AS outbox,
         (SELECT count(*) FROM delivery_requests) AS requests,
         (SELECT count(*) FROM federation_rejected WHERE code <> ?) AS rejected`,
      tolerated,
    )[0];
    return {
      entries: numberOf(row, "entries"),
      outbox: numberOf(row, "outbox"),
      requests: numberOf(row, "requests"),
      rejected: numberOf(row, "rejected"),
    };
  }

  /** What is wrong with the file; a disk in memory is no file. */
  damage(): string | undefined {
    const found = this.#file?.pragma("quick_check", { simple: true }) ?? "ok";
    return found === "ok" ? undefined : JSON.stringify(found);
  }

  #count(sql: string, ...values: string[]): number {
    return numberOf(this.#rows(sql, ...values)[0], "n");
  }

  #strings(sql: string, ...values: string[]): readonly string[] {
    return this.#rows(sql, ...values).map((row) => String(columnOf(row, "name")));
  }
}

function columnOf(row: unknown, column: string): unknown {
  if (typeof row !== "object" || row === null) throw new TypeError("a row is no object");
  return Reflect.get(row, column);
}

function numberOf(row: unknown, column: string): number {
  return Number(columnOf(row, column));
}

function epochOf(entry: Entry): number | undefined {
  if (entry.kind === "commit") return entry.epoch;
  if (entry.kind !== "application") return undefined;
  const framing = peekMlsMessage(entry.message);
  return "epoch" in framing ? framing.epoch : undefined;
}
