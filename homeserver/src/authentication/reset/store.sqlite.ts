import { and, asc, eq, isNull, lte, or, sql } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { fromBlob, insertClient, insertList, toBlob } from "../store/index.ts";
import { accounts, clientLists, clients, resets } from "../schema.ts";
import type { ResetStore, StoredReset } from "./store.ts";

export function createResetStore(database: Database): ResetStore {
  return {
    reset: async (tx, name) => {
      const row = database.sql(tx).select().from(resets).where(eq(resets.name, name)).get();
      return row && resetOf(row);
    },
    resetOfToken: async (tx, tokenHash) => {
      const db = database.sql(tx);
      const row = db
        .select()
        .from(resets)
        .where(eq(resets.tokenHash, toBlob(tokenHash)))
        .get();
      return row && resetOf(row);
    },
    putReset: async (tx, { name, token, wait }) => {
      const row = {
        name,
        tokenHash: token ? toBlob(token.hash) : null,
        tokenExpiresAt: token?.expiresAt ?? null,
        waitsUntil: wait?.until ?? null,
        readyUntil: wait?.readyUntil ?? null,
      };
      const db = database.sql(tx);
      db.insert(resets).values(row).onConflictDoUpdate({ target: resets.name, set: row }).run();
    },
    deleteReset: async (tx, name) =>
      database.sql(tx).delete(resets).where(eq(resets.name, name)).run().changes === 1,
    deleteSpentResets: async (tx, at, limit) => {
      const db = database.sql(tx);
      const spent = db
        .select({ name: resets.name })
        .from(resets)
        .where(
          and(
            or(isNull(resets.tokenExpiresAt), lte(resets.tokenExpiresAt, at)),
            or(isNull(resets.readyUntil), lte(resets.readyUntil, at)),
          ),
        )
        .orderBy(asc(resets.name))
        .limit(limit)
        .all();
      for (const { name } of spent) db.delete(resets).where(eq(resets.name, name)).run();
      return spent.length;
    },
    startIdentity: async (tx, { name, list, createdAt, ...identity }) => {
      const db = database.sql(tx);
      const changed = db
        .update(accounts)
        .set({
          identityKey: toBlob(identity.identityKey),
          passwordRecord: toBlob(identity.passwordRecord),
          recoveryBundle: toBlob(identity.recoveryBundle),
          credentialVersion: sql`${accounts.credentialVersion} + 1`,
        })
        .where(eq(accounts.name, name))
        .run();
      if (changed.changes === 0) return false;
      db.delete(clients).where(eq(clients.name, name)).run();
      db.delete(clientLists).where(eq(clientLists.name, name)).run();
      insertList(db, name, { ...list, acceptedAt: createdAt });
      for (const client of identity.clients) insertClient(db, { ...client, name });
      return true;
    },
  };
}

function resetOf(row: typeof resets.$inferSelect): StoredReset {
  const { name, tokenHash, tokenExpiresAt, waitsUntil, readyUntil } = row;
  return {
    name,
    token:
      tokenHash === null || tokenExpiresAt === null
        ? undefined
        : { hash: fromBlob(tokenHash), expiresAt: tokenExpiresAt },
    wait:
      waitsUntil === null || readyUntil === null ? undefined : { until: waitsUntil, readyUntil },
  };
}
