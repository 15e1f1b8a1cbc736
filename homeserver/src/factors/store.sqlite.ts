import { and, asc, count, eq, ne } from "drizzle-orm";
import type { Bytes } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { passkeyMethods } from "./passkeys/store.sqlite.ts";
import { emails, externalLogins, recoveryCodes, totp, tries } from "./schema.ts";
import type { FactorStore, StoredEmail, StoredTotp } from "./store.ts";

export function createSqliteStore(database: Database): FactorStore {
  return {
    ...totpMethods(database),
    ...emailMethods(database),
    ...recoveryCodeMethods(database),
    ...triesMethods(database),
    ...externalMethods(database),
    ...passkeyMethods(database),
    keyIds: async (tx) => {
      const db = database.sql(tx);
      const found = [totp, emails].flatMap((table) =>
        db.selectDistinct({ keyId: table.keyId }).from(table).all(),
      );
      return [...new Set(found.map(({ keyId }) => keyId))].toSorted();
    },
  };
}

function triesMethods(database: Database): Pick<FactorStore, "tries" | "putTries" | "deleteTries"> {
  return {
    tries: async (tx, name) => {
      const row = database.sql(tx).select().from(tries).where(eq(tries.name, name)).get();
      return row && { failures: row.failures, retryAt: row.retryAt };
    },
    putTries: async (tx, name, counted) => {
      const db = database.sql(tx);
      db.insert(tries)
        .values({ name, ...counted })
        .onConflictDoUpdate({ target: tries.name, set: counted })
        .run();
    },
    deleteTries: async (tx, name) => {
      database.sql(tx).delete(tries).where(eq(tries.name, name)).run();
    },
  };
}

function externalMethods(
  database: Database,
): Pick<FactorStore, "externalLogin" | "addExternalLogin" | "deleteExternalLogin"> {
  return {
    externalLogin: async (tx, name) => {
      const db = database.sql(tx);
      const row = db.select().from(externalLogins).where(eq(externalLogins.name, name)).get();
      return row && { ...row, subjectHash: new Uint8Array(row.subjectHash) };
    },
    addExternalLogin: async (tx, login) =>
      database
        .sql(tx)
        .insert(externalLogins)
        .values({ ...login, subjectHash: toBlob(login.subjectHash) })
        .onConflictDoNothing()
        .run().changes === 1,
    deleteExternalLogin: async (tx, name) =>
      database.sql(tx).delete(externalLogins).where(eq(externalLogins.name, name)).run().changes ===
      1,
  };
}

function emailMethods(
  database: Database,
): Pick<FactorStore, "email" | "putEmail" | "deleteEmails" | "emailsNotUnder"> {
  return {
    email: async (tx, name, verified) => {
      const row = database
        .sql(tx)
        .select()
        .from(emails)
        .where(and(eq(emails.name, name), eq(emails.verified, verified)))
        .get();
      return row && emailOf(row);
    },
    putEmail: async (tx, { content, ...stored }) => {
      const row = { ...stored, keyId: content.keyId, content: toBlob(content.box) };
      database
        .sql(tx)
        .insert(emails)
        .values(row)
        .onConflictDoUpdate({ target: [emails.name, emails.verified], set: row })
        .run();
    },
    deleteEmails: async (tx, name) => {
      database.sql(tx).delete(emails).where(eq(emails.name, name)).run();
    },
    emailsNotUnder: async (tx, keyId, limit) =>
      database
        .sql(tx)
        .select()
        .from(emails)
        .where(ne(emails.keyId, keyId))
        .orderBy(asc(emails.name), asc(emails.verified))
        .limit(limit)
        .all()
        .map(emailOf),
  };
}

function emailOf({ keyId, content, ...row }: typeof emails.$inferSelect): StoredEmail {
  return { ...row, content: { keyId, box: new Uint8Array(content) } };
}

function totpMethods(
  database: Database,
): Pick<FactorStore, "totp" | "putTotp" | "deleteTotp" | "totpNotUnder"> {
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
