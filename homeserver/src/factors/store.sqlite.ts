import { and, asc, count, eq, ne } from "drizzle-orm";
import type { Bytes } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { recoveryCodes, totp } from "./schema.ts";
import type { FactorStore, StoredTotp } from "./store.ts";

export function createSqliteStore(database: Database): FactorStore {
  return { ...totpMethods(database), ...recoveryCodeMethods(database) };
}

function totpMethods(
  database: Database,
): Pick<FactorStore, "totp" | "putTotp" | "deleteTotp" | "keyIds" | "totpNotUnder"> {
  return {
    totp: async (tx, name) => {
      const row = database.sql(tx).select().from(totp).where(eq(totp.name, name)).get();
      return row && totpOf(row);
    },
    putTotp: async (tx, { secret, confirmedAt, ...stored }) => {
      const row = {
        ...stored,
        keyId: secret.keyId,
        secret: toBlob(secret.box),
        confirmedAt: confirmedAt ?? null,
      };
      const db = database.sql(tx);
      db.insert(totp).values(row).onConflictDoUpdate({ target: totp.name, set: row }).run();
    },
    deleteTotp: async (tx, name) => {
      database.sql(tx).delete(totp).where(eq(totp.name, name)).run();
    },
    keyIds: async (tx) =>
      database
        .sql(tx)
        .selectDistinct({ keyId: totp.keyId })
        .from(totp)
        .orderBy(asc(totp.keyId))
        .all()
        .map(({ keyId }) => keyId),
    totpNotUnder: async (tx, keyId, limit) =>
      database
        .sql(tx)
        .select()
        .from(totp)
        .where(ne(totp.keyId, keyId))
        .orderBy(asc(totp.name))
        .limit(limit)
        .all()
        .map(totpOf),
  };
}

function recoveryCodeMethods(
  database: Database,
): Pick<FactorStore, "replaceRecoveryCodes" | "useRecoveryCode" | "countRecoveryCodes"> {
  return {
    replaceRecoveryCodes: async (tx, name, hashes) => {
      const db = database.sql(tx);
      db.delete(recoveryCodes).where(eq(recoveryCodes.name, name)).run();
      for (const hash of hashes) {
        db.insert(recoveryCodes)
          .values({ name, codeHash: toBlob(hash) })
          .run();
      }
    },
    useRecoveryCode: async (tx, name, hash) =>
      database
        .sql(tx)
        .delete(recoveryCodes)
        .where(and(eq(recoveryCodes.name, name), eq(recoveryCodes.codeHash, toBlob(hash))))
        .run().changes === 1,
    countRecoveryCodes: async (tx, name) =>
      database
        .sql(tx)
        .select({ codes: count() })
        .from(recoveryCodes)
        .where(eq(recoveryCodes.name, name))
        .get()?.codes ?? 0,
  };
}

function totpOf({ keyId, secret, confirmedAt, ...row }: typeof totp.$inferSelect): StoredTotp {
  return {
    ...row,
    secret: { keyId, box: new Uint8Array(secret) },
    confirmedAt: confirmedAt ?? undefined,
  };
}

/** As the driver takes octets: a view, for it reads them before the call returns. */
function toBlob(value: Bytes): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
