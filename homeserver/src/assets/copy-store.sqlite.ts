import { asc, eq } from "drizzle-orm";
import type { Database } from "../platform/index.ts";
import { blobKeyOf } from "./keys.ts";
import { copyOf } from "./rows.ts";
import { copies } from "./schema.ts";
import type { CopyStore } from "./store.ts";

export function createCopyStore(database: Database): CopyStore {
  return {
    copy: async (tx, asset) => {
      const row = database
        .sql(tx)
        .select()
        .from(copies)
        .where(eq(copies.asset, asset))
        .orderBy(asc(copies.asset))
        .get();
      return row && copyOf(row);
    },
    putCopy: async (tx, { grant, ...copy }) => {
      const row = {
        ...copy,
        room: grant.kind === "room" ? grant.room : null,
        secretHash: grant.kind === "bearer" ? Buffer.from(grant.secretHash) : null,
      };
      database
        .sql(tx)
        .insert(copies)
        .values(row)
        .onConflictDoUpdate({ target: copies.asset, set: row })
        .run();
    },
    useCopy: async (tx, asset, at) =>
      void database.sql(tx).update(copies).set({ usedAt: at }).where(eq(copies.asset, asset)).run(),
    deleteCopy: async (tx, asset) =>
      void database.sql(tx).delete(copies).where(eq(copies.asset, asset)).run(),
    copyKeys: async (tx) => {
      const rows = database
        .sql(tx)
        .select({ asset: copies.asset })
        .from(copies)
        .orderBy(asc(copies.asset))
        .all();
      return new Set(rows.map(({ asset }) => blobKeyOf(asset)));
    },
    oldestCopies: async (tx, limit) =>
      database
        .sql(tx)
        .select()
        .from(copies)
        .orderBy(asc(copies.usedAt), asc(copies.asset))
        .limit(limit)
        .all()
        .map(copyOf),
  };
}
