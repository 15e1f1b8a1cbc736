import { asc } from "drizzle-orm";
import type { Database } from "../platform/index.ts";
import { lives } from "./schema.ts";
import type { LivesStore } from "./store.ts";

export function createSqliteStore(database: Database): LivesStore {
  return {
    lives: async (tx) => {
      const [row] = database.sql(tx).select().from(lives).orderBy(asc(lives.id)).all();
      if (row === undefined) return undefined;
      const { count, incarnation, copiedAt } = row;
      return {
        count,
        incarnation: new Uint8Array(incarnation),
        copiedAt: copiedAt ?? undefined,
      };
    },
    putLives: async (tx, { count, incarnation, copiedAt }) => {
      const values = {
        count,
        incarnation: Buffer.from(incarnation),
        copiedAt: copiedAt ?? null,
      };
      database
        .sql(tx)
        .insert(lives)
        .values({ id: 1, ...values })
        .onConflictDoUpdate({ target: lives.id, set: values })
        .run();
    },
  };
}
