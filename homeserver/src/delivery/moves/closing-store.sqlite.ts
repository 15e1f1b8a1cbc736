import { asc, eq, lte } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { closings } from "../schema.ts";
import type { ClosingStore } from "./closing-store.ts";

export function createClosingStore(database: Database): ClosingStore {
  return {
    keepClosing: async (tx, { room, term, signedHead, closedAt }) => {
      const row = { room, term, signedHead: buffer(signedHead), closedAt };
      database.sql(tx).insert(closings).values(row).onConflictDoNothing().run();
    },
    closings: async (tx, room) => {
      const rows = database
        .sql(tx)
        .select({ term: closings.term, signedHead: closings.signedHead })
        .from(closings)
        .where(eq(closings.room, room))
        .orderBy(asc(closings.term))
        .all();
      return new Map(rows.map(({ term, signedHead }) => [term, bytes(signedHead)]));
    },
    deleteOldClosings: async (tx, at) =>
      database.sql(tx).delete(closings).where(lte(closings.closedAt, at)).run().changes,
  };
}
