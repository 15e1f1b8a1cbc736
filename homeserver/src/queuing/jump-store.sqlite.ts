import type { Database, Drizzle } from "../platform/index.ts";
import type { Jump, JumpStore } from "./store.ts";

/** Jumps, in SQL of our own: all inboxes jump in one statement, however many there are. */
export function createSqliteJumpStore(database: Database): JumpStore {
  const statements = database.prepare(prepareJumps);
  return {
    addJump: async (tx, stream, { from, to, head }) => {
      statements(tx).add.run(stream, from, to, head ?? null);
    },
    jumpsWithin: async (tx, stream, from, to) =>
      statements(tx)
        .within.all(stream, from, to)
        .map(({ head, ...range }): Jump => ({
          ...range,
          head: head === null ? undefined : new Uint8Array(head),
        })),
    jumpInboxes: async (tx, by, positionMin) => {
      const { noteInboxes, moveInboxes } = statements(tx);
      noteInboxes.run(by, positionMin, inboxKind);
      moveInboxes.run(inboxKind);
    },
  };
}

const inboxKind = 2;

type JumpRow = { readonly from: number; readonly to: number; readonly head: Buffer | null };

function prepareJumps({ $client: db }: Drizzle) {
  return {
    add: db.prepare<[number, number, number, Uint8Array | null]>(
      `INSERT INTO queuing_jumps (stream, "from", "to", head) VALUES (?, ?, ?, ?)`,
    ),
    within: db.prepare<[number, number, number], JumpRow>(
      `SELECT "from", "to", head FROM queuing_jumps
       WHERE stream = ? AND "to" BETWEEN ? AND ? ORDER BY "to"`,
    ),
    noteInboxes: db.prepare<[number, number, number]>(
      `INSERT INTO queuing_jumps (stream, "from", "to")
       SELECT id, head + 1, max(head + ?, ?) FROM (
         SELECT s.id, max(s.pruned_to, coalesce((
           SELECT max(position) FROM queuing_entries WHERE stream = s.id), 0)) AS head
         FROM queuing_streams s WHERE s.kind = ? ORDER BY s.id)`,
    ),
    moveInboxes: db.prepare<[number]>(
      `UPDATE queuing_streams SET pruned_to = max(pruned_to, coalesce((
         SELECT max("to") FROM queuing_jumps WHERE stream = queuing_streams.id), 0))
       WHERE kind = ?`,
    ),
  };
}
