import type { Bytes, Domain, RejectedItem } from "@treehouse/protocol";
import { Assertion } from "../../platform/index.ts";
import type { Database, Drizzle, ReadTx } from "../../platform/index.ts";
import type { InboundStore, StoredInbound } from "./store.ts";

export function createSqliteInboundStore(database: Database): InboundStore {
  const statements = database.prepare(prepareInbound);
  const find = (tx: ReadTx, origin: Domain, incarnation: Bytes): StoredInbound | undefined => {
    const row = statements(tx).find.get(origin, origin, incarnation);
    return row && { id: row.id, next: row.next, newest: row.id === row.last };
  };
  return {
    inbound: async (tx, origin, incarnation) => find(tx, origin, incarnation),
    createInbound: async (tx, { origin, incarnation }, keptMax) => {
      const { create, deleteRejected, deleteOld } = statements(tx);
      create.run(origin, incarnation);
      deleteRejected.run(origin, keptMax);
      deleteOld.run(origin, keptMax);
      const created = find(tx, origin, incarnation);
      if (created === undefined) throw new Assertion("A stream just added is not there.");
      return created;
    },
    moveInbound: async (tx, id, { next, rejectedFrom }) => {
      statements(tx).move.run(next, id);
      statements(tx).forget.run(id, rejectedFrom);
    },
    addRejected: async (tx, id, items) => {
      for (const { sequence, code } of items) statements(tx).reject.run(id, sequence, code);
    },
    rejected: async (tx, id) => statements(tx).rejected.all(id),
  };
}

function prepareInbound({ $client: db }: Drizzle) {
  const olderThanKept = `SELECT id FROM federation_inbound WHERE origin = ?
    ORDER BY id DESC LIMIT -1 OFFSET ?`;
  return {
    find: db.prepare<[string, string, Bytes], { id: number; next: number; last: number }>(
      `SELECT i.id, i.next, (SELECT max(id) FROM federation_inbound WHERE origin = ?) AS last
       FROM federation_inbound i WHERE origin = ? AND incarnation = ? ORDER BY i.id`,
    ),
    create: db.prepare<[string, Bytes]>(
      `INSERT INTO federation_inbound (origin, incarnation, next) VALUES (?, ?, 1)`,
    ),
    deleteRejected: db.prepare<[string, number]>(
      `DELETE FROM federation_rejected WHERE inbound IN (${olderThanKept})`,
    ),
    deleteOld: db.prepare<[string, number]>(
      `DELETE FROM federation_inbound WHERE id IN (${olderThanKept})`,
    ),
    move: db.prepare<[number, number]>(`UPDATE federation_inbound SET next = ? WHERE id = ?`),
    forget: db.prepare<[number, number]>(
      `DELETE FROM federation_rejected WHERE inbound = ? AND sequence < ?`,
    ),
    reject: db.prepare<[number, number, string]>(
      `INSERT INTO federation_rejected (inbound, sequence, code) VALUES (?, ?, ?)`,
    ),
    rejected: db.prepare<[number], RejectedItem>(
      `SELECT sequence, code FROM federation_rejected WHERE inbound = ? ORDER BY sequence`,
    ),
  };
}
