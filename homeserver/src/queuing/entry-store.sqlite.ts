import type { Database, Drizzle } from "../platform/index.ts";
import type { EntryFacts, EntryStore, StoredEntry } from "./store.ts";

/**
 * The entry table, in SQL of our own: the insert is on the path of every message, where the query
 * builder's prepared form costs half as much again, and a page ends by its length, which only
 * stepping through the rows can do without reading more than is wanted.
 */
export function createSqliteEntryStore(database: Database): EntryStore {
  const statements = database.prepare(prepareEntries);
  return {
    append: async (tx, { stream, position, handshake, storedAt, bytes }) => {
      statements(tx).append.run(stream, position, handshake ? 1 : 0, storedAt, bytes);
    },
    page: async (tx, { stream, after, upTo, entriesMax, bytesMax, handshakesOnly = false }) => {
      const { page: all, handshakes } = statements(tx);
      const rows = handshakesOnly ? handshakes : all;
      const page: StoredEntry[] = [];
      let length = 0;
      // The loop ends before it returns to the event loop: an open cursor would hold up checkpoints.
      for (const entry of rows.iterate(stream, after, upTo, entriesMax)) {
        length += entry.bytes.length;
        if (length > bytesMax && page.length > 0) break;
        page.push(entry);
      }
      return page;
    },
    inspect: async (tx, stream, position) => statements(tx).inspect.get(stream, position),
    first: async (tx, stream) => statements(tx).first.get(stream),
    deleteOrdinary: async (tx, stream, after, upTo) => {
      statements(tx).deleteOrdinary.run(stream, after, upTo);
    },
    deleteUpTo: async (tx, stream, upTo) => {
      statements(tx).deleteUpTo.run(stream, upTo);
    },
    deleteStored: async (tx, stream, { upTo, storedBy, limit }) =>
      statements(tx).deleteStored.run(stream, upTo, storedBy, limit).changes,
  };
}

function prepareEntries({ $client: db }: Drizzle) {
  return {
    append: db.prepare<[number, number, number, number, Uint8Array]>(
      `INSERT INTO queuing_entries (stream, position, handshake, stored_at, bytes)
       VALUES (?, ?, ?, ?, ?)`,
    ),
    page: db.prepare<[number, number, number, number], StoredEntry>(
      `SELECT position, bytes FROM queuing_entries
       WHERE stream = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?`,
    ),
    handshakes: db.prepare<[number, number, number, number], StoredEntry>(
      `SELECT position, bytes FROM queuing_entries
       WHERE stream = ? AND position > ? AND position <= ? AND handshake = 1
       ORDER BY position LIMIT ?`,
    ),
    inspect: db.prepare<[number, number], EntryFacts>(
      `SELECT position, stored_at AS storedAt, length(bytes) AS length FROM queuing_entries
       WHERE stream = ? AND position = ? ORDER BY position`,
    ),
    first: db.prepare<[number], EntryFacts>(
      `SELECT position, stored_at AS storedAt, length(bytes) AS length FROM queuing_entries
       WHERE stream = ? ORDER BY position LIMIT 1`,
    ),
    deleteOrdinary: db.prepare<[number, number, number]>(
      `DELETE FROM queuing_entries
       WHERE stream = ? AND position > ? AND position <= ? AND handshake = 0`,
    ),
    deleteUpTo: db.prepare<[number, number]>(
      `DELETE FROM queuing_entries WHERE stream = ? AND position <= ?`,
    ),
    deleteStored: db.prepare<[number, number, number, number]>(
      `DELETE FROM queuing_entries WHERE id IN (
         SELECT id FROM queuing_entries WHERE stream = ? AND position <= ? AND stored_at <= ?
         ORDER BY position LIMIT ?)`,
    ),
  };
}
