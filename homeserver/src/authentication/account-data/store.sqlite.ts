import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { fromBlob, toBlob } from "../store/index.ts";
import { accountData } from "../schema.ts";
import type { AccountDataStore } from "./store.ts";

export function createAccountDataStore(database: Database): AccountDataStore {
  return {
    record: async (tx, owner, slot) => {
      const row = database
        .sql(tx)
        .select()
        .from(accountData)
        .where(and(eq(accountData.owner, owner), eq(accountData.slot, slot)))
        .orderBy(asc(accountData.slot))
        .get();
      if (row === undefined) return undefined;
      const { version, changedAt } = row;
      return { slot, version, changedAt, sealed: fromBlob(row.sealed) };
    },
    list: async (tx, owner) =>
      database
        .sql(tx)
        .select({
          slot: accountData.slot,
          version: accountData.version,
          changedAt: accountData.changedAt,
        })
        .from(accountData)
        .where(eq(accountData.owner, owner))
        .orderBy(asc(accountData.slot))
        .all(),
    put: async (tx, owner, { slot, version, sealed, changedAt }) => {
      const values = { version, sealed: toBlob(sealed), changedAt };
      database
        .sql(tx)
        .insert(accountData)
        .values({ owner, slot, ...values })
        .onConflictDoUpdate({ target: [accountData.owner, accountData.slot], set: values })
        .run();
    },
    forgetOwner: async (tx, owner) => {
      database.sql(tx).delete(accountData).where(eq(accountData.owner, owner)).run();
    },
  };
}
