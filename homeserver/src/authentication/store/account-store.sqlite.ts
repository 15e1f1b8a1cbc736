import { and, asc, desc, eq, gt, lte, sql } from "drizzle-orm";
import { CLIENT_LISTS_KEPT, parseClientUri } from "@treehouse/protocol";
import type { Database, Drizzle } from "../../platform/index.ts";
import { hashName } from "../accounts/index.ts";
import { fromBlob, toBlob } from "./blob.ts";
import { accounts, clientLists, clients, seen, sessions, tombstones } from "../schema.ts";
import type { AuthenticationStore, NewAccount, StoredClient } from "./store.ts";

type AccountMethods = Pick<
  AuthenticationStore,
  | "createAccount"
  | "account"
  | "credential"
  | "nameIsTaken"
  | "adminExists"
  | "replaceCredential"
  | "deleteAccount"
>;

export function accountMethods(database: Database): AccountMethods {
  const selectAccount = database.prepare((db) =>
    db
      .select()
      .from(accounts)
      .where(eq(accounts.name, sql.placeholder("name")))
      .prepare(),
  );
  const selectTombstone = database.prepare((db) =>
    db
      .select({ deletedAt: tombstones.deletedAt })
      .from(tombstones)
      .where(eq(tombstones.nameHash, sql.placeholder("nameHash")))
      .prepare(),
  );

  const selectCredential = database.prepare(({ $client }) =>
    $client.prepare<[string], { version: number; known: number; record: Buffer }>(
      `SELECT coalesce(found.credential_version, 0) AS version,
              found.password_record IS NOT NULL AS known,
              coalesce(found.password_record, zeroblob(192)) AS record
       FROM (SELECT ? AS name) AS asked
       LEFT JOIN authentication_accounts AS found ON found.name = asked.name`,
    ),
  );

  return {
    credential: async (tx, name) => {
      const row = selectCredential(tx).get(name);
      const record = fromBlob(row?.record ?? Buffer.alloc(0));
      return {
        passwordRecord: row?.known === 1 ? record : undefined,
        credentialVersion: row?.version ?? 0,
      };
    },
    createAccount: async (tx, account) => {
      if (selectTombstone(tx).get({ nameHash: toBlob(hashName(account.name)) })) return false;
      return insertAccount(database.sql(tx), account);
    },
    account: async (tx, name) => {
      const row = selectAccount(tx).get({ name });
      return (
        row && {
          name: row.name,
          admin: row.admin,
          identityKey: fromBlob(row.identityKey),
          passwordRecord: row.passwordRecord ? fromBlob(row.passwordRecord) : undefined,
          recoveryBundle: fromBlob(row.recoveryBundle),
          credentialVersion: row.credentialVersion,
        }
      );
    },
    nameIsTaken: async (tx, name) =>
      selectAccount(tx).get({ name }) !== undefined ||
      selectTombstone(tx).get({ nameHash: toBlob(hashName(name)) }) !== undefined,
    adminExists: async (tx) =>
      database
        .sql(tx)
        .select({ name: accounts.name })
        .from(accounts)
        .where(eq(accounts.admin, true))
        .orderBy(asc(accounts.name))
        .limit(1)
        .get() !== undefined,
    replaceCredential: async (tx, change) => {
      const result = database
        .sql(tx)
        .update(accounts)
        .set({
          passwordRecord: toBlob(change.passwordRecord),
          recoveryBundle: toBlob(change.recoveryBundle),
          credentialVersion: change.expectedVersion + 1,
        })
        .where(
          and(
            eq(accounts.name, change.name),
            eq(accounts.credentialVersion, change.expectedVersion),
          ),
        )
        .run();
      return result.changes === 1;
    },
    deleteAccount: async (tx, name, deletedAt) => {
      const db = database.sql(tx);
      db.delete(sessions).where(eq(sessions.name, name)).run();
      db.delete(seen).where(eq(seen.name, name)).run();
      db.delete(clients).where(eq(clients.name, name)).run();
      db.delete(clientLists).where(eq(clientLists.name, name)).run();
      db.delete(accounts).where(eq(accounts.name, name)).run();
      db.insert(tombstones)
        .values({ nameHash: toBlob(hashName(name)), deletedAt })
        .onConflictDoNothing()
        .run();
    },
  };
}

/** Answers false, and writes nothing, when the name is in use. */
function insertAccount(db: Drizzle, account: NewAccount): boolean {
  const inserted = db
    .insert(accounts)
    .values({
      name: account.name,
      admin: account.admin,
      identityKey: toBlob(account.identityKey),
      passwordRecord: account.passwordRecord ? toBlob(account.passwordRecord) : null,
      recoveryBundle: toBlob(account.recoveryBundle),
      credentialVersion: 1,
      createdAt: account.createdAt,
    })
    .onConflictDoNothing()
    .run();
  if (inserted.changes === 0) return false;
  insertList(db, account.name, { ...account.list, acceptedAt: account.createdAt });
  for (const client of account.clients) insertClient(db, { ...client, name: account.name });
  return true;
}

export function insertList(
  db: Drizzle,
  name: string,
  list: NewAccount["list"] & { readonly acceptedAt: number },
): void {
  const { version, hash, signedList, acceptedAt } = list;
  db.insert(clientLists)
    .values({ name, version, hash: toBlob(hash), signedList: toBlob(signedList), acceptedAt })
    .run();
  db.delete(clientLists)
    .where(and(eq(clientLists.name, name), lte(clientLists.version, version - CLIENT_LISTS_KEPT)))
    .run();
}

export function insertClient(db: Drizzle, client: StoredClient): void {
  db.insert(clients)
    .values({
      ...client,
      signatureKey: toBlob(client.signatureKey),
      leafIdentity: toBlob(client.leafIdentity),
    })
    .run();
}

export function clientMethods(
  database: Database,
): Pick<
  AuthenticationStore,
  "clientList" | "clientListsAfter" | "addClient" | "revokeClient" | "client" | "clientsOf"
> {
  const selectClient = database.prepare((db) =>
    db
      .select()
      .from(clients)
      .where(eq(clients.client, sql.placeholder("client")))
      .prepare(),
  );
  const selectClientsOf = database.prepare((db) =>
    db
      .select()
      .from(clients)
      .where(eq(clients.name, sql.placeholder("name")))
      .orderBy(asc(clients.client))
      .prepare(),
  );

  return {
    clientList: async (tx, name, version) => {
      const row = database
        .sql(tx)
        .select({ signedList: clientLists.signedList })
        .from(clientLists)
        .where(
          and(
            eq(clientLists.name, name),
            version === undefined ? undefined : eq(clientLists.version, version),
          ),
        )
        .orderBy(desc(clientLists.version))
        .limit(1)
        .get();
      return row && fromBlob(row.signedList);
    },
    clientListsAfter: async (tx, name, { after, limit }) =>
      database
        .sql(tx)
        .select({ signedList: clientLists.signedList })
        .from(clientLists)
        .where(and(eq(clientLists.name, name), gt(clientLists.version, after)))
        .orderBy(asc(clientLists.version))
        .limit(limit)
        .all()
        .map((row) => fromBlob(row.signedList)),
    addClient: async (tx, { list, client }) => {
      const db = database.sql(tx);
      insertList(db, client.name, list);
      insertClient(db, client);
    },
    revokeClient: async (tx, { name, client, list, staying }) => {
      const db = database.sql(tx);
      insertList(db, name, list);
      db.delete(clients).where(eq(clients.client, client)).run();
      for (const one of staying) {
        db.update(clients)
          .set({ leafIdentity: toBlob(one.leafIdentity) })
          .where(eq(clients.client, one.client))
          .run();
      }
    },
    client: async (tx, client) => {
      const row = selectClient(tx).get({ client });
      return row && clientOf(row);
    },
    clientsOf: async (tx, name) => selectClientsOf(tx).all({ name }).map(clientOf),
  };
}

function clientOf(row: typeof clients.$inferSelect): StoredClient {
  return {
    client: parseClientUri(row.client),
    name: row.name,
    signatureKey: fromBlob(row.signatureKey),
    leafIdentity: fromBlob(row.leafIdentity),
    expiresAt: row.expiresAt,
  };
}
