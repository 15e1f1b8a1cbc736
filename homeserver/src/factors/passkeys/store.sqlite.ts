import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../../platform/index.ts";
import { passkeys } from "../schema.ts";
import type { FactorStore, StoredPasskey } from "../store.ts";

type PasskeyMethods = Pick<
  FactorStore,
  "passkey" | "passkeysOf" | "addPasskey" | "usePasskey" | "deletePasskey" | "deletePasskeys"
>;

export function passkeyMethods(database: Database): PasskeyMethods {
  return {
    passkey: async (tx, id) => {
      const row = database.sql(tx).select().from(passkeys).where(eq(passkeys.id, id)).get();
      return row && passkeyOf(row);
    },
    passkeysOf: async (tx, name) =>
      database
        .sql(tx)
        .select()
        .from(passkeys)
        .where(eq(passkeys.name, name))
        .orderBy(asc(passkeys.createdAt), asc(passkeys.id))
        .all()
        .map(passkeyOf),
    addPasskey: async (tx, { publicKey, usedAt, ...stored }) => {
      const row = { ...stored, publicKey: Buffer.from(publicKey), usedAt: usedAt ?? null };
      return (
        database.sql(tx).insert(passkeys).values(row).onConflictDoNothing().run().changes === 1
      );
    },
    usePasskey: async (tx, id, { from, to, at }) =>
      database
        .sql(tx)
        .update(passkeys)
        .set({ counter: to, usedAt: at })
        .where(and(eq(passkeys.id, id), eq(passkeys.counter, from)))
        .run().changes === 1,
    deletePasskey: async (tx, name, id) => {
      const own = and(eq(passkeys.name, name), eq(passkeys.id, id));
      database.sql(tx).delete(passkeys).where(own).run();
    },
    deletePasskeys: async (tx, name) => {
      database.sql(tx).delete(passkeys).where(eq(passkeys.name, name)).run();
    },
  };
}

function passkeyOf({ publicKey, usedAt, ...row }: typeof passkeys.$inferSelect): StoredPasskey {
  return { ...row, publicKey: new Uint8Array(publicKey), usedAt: usedAt ?? undefined };
}
