import { and, asc, count, desc, eq, gt, isNull, lte, or, lt, sql } from "drizzle-orm";
import { parseClientUri } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { hashName } from "./account-name.ts";
import { accounts, clientLists, clients, invites, sessions, tombstones } from "./schema.ts";
import type { AuthenticationStore, StoredClient, StoredInvite, StoredSession } from "./store.ts";

export function createSqliteStore(database: Database): AuthenticationStore {
  return {
    ...accountMethods(database),
    ...clientMethods(database),
    ...sessionMethods(database),
    ...inviteMethods(database),
  };
}

type AccountMethods = Pick<
  AuthenticationStore,
  | "createAccount"
  | "account"
  | "nameIsTaken"
  | "adminExists"
  | "replaceCredential"
  | "deleteAccount"
>;

function accountMethods(database: Database): AccountMethods {
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

  return {
    createAccount: async (tx, account) => {
      if (selectTombstone(tx).get({ nameHash: buffer(hashName(account.name)) })) return false;
      const db = database.sql(tx);
      const inserted = db
        .insert(accounts)
        .values({
          name: account.name,
          admin: account.admin,
          identityKey: buffer(account.identityKey),
          passwordRecord: account.passwordRecord ? buffer(account.passwordRecord) : null,
          recoveryBundle: buffer(account.recoveryBundle),
          credentialVersion: 1,
          createdAt: account.createdAt,
        })
        .onConflictDoNothing()
        .run();
      if (inserted.changes === 0) return false;
      db.insert(clientLists)
        .values({
          name: account.name,
          version: account.list.version,
          hash: buffer(account.list.hash),
          signedList: buffer(account.list.signedList),
          acceptedAt: account.createdAt,
        })
        .run();
      for (const client of account.clients) {
        db.insert(clients)
          .values({
            client: client.client,
            name: account.name,
            signatureKey: buffer(client.signatureKey),
            leafIdentity: buffer(client.leafIdentity),
            expiresAt: client.expiresAt,
          })
          .run();
      }
      return true;
    },
    account: async (tx, name) => {
      const row = selectAccount(tx).get({ name });
      return (
        row && {
          name: row.name,
          admin: row.admin,
          identityKey: bytes(row.identityKey),
          passwordRecord: row.passwordRecord ? bytes(row.passwordRecord) : undefined,
          recoveryBundle: bytes(row.recoveryBundle),
          credentialVersion: row.credentialVersion,
        }
      );
    },
    nameIsTaken: async (tx, name) =>
      selectAccount(tx).get({ name }) !== undefined ||
      selectTombstone(tx).get({ nameHash: buffer(hashName(name)) }) !== undefined,
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
          passwordRecord: buffer(change.passwordRecord),
          recoveryBundle: buffer(change.recoveryBundle),
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
      db.delete(clients).where(eq(clients.name, name)).run();
      db.delete(clientLists).where(eq(clientLists.name, name)).run();
      db.delete(accounts).where(eq(accounts.name, name)).run();
      db.insert(tombstones)
        .values({ nameHash: buffer(hashName(name)), deletedAt })
        .onConflictDoNothing()
        .run();
    },
  };
}

function clientMethods(
  database: Database,
): Pick<AuthenticationStore, "clientList" | "client" | "clientsOf"> {
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
      return row && bytes(row.signedList);
    },
    client: async (tx, client) => {
      const row = selectClient(tx).get({ client });
      return row && clientOf(row);
    },
    clientsOf: async (tx, name) => selectClientsOf(tx).all({ name }).map(clientOf),
  };
}

type SessionMethods = Pick<
  AuthenticationStore,
  | "insertSession"
  | "session"
  | "sessionsOf"
  | "touchSession"
  | "deleteSession"
  | "deleteIdleSessions"
>;

function sessionMethods(database: Database): SessionMethods {
  const selectSession = database.prepare((db) =>
    db
      .select()
      .from(sessions)
      .where(eq(sessions.tokenHash, sql.placeholder("tokenHash")))
      .prepare(),
  );

  return {
    insertSession: async (tx, session) => {
      database
        .sql(tx)
        .insert(sessions)
        .values({ ...session, tokenHash: buffer(session.tokenHash) })
        .run();
    },
    session: async (tx, tokenHash) => {
      const row = selectSession(tx).get({ tokenHash: buffer(tokenHash) });
      return row && sessionOf(row);
    },
    sessionsOf: async (tx, name) =>
      database
        .sql(tx)
        .select()
        .from(sessions)
        .where(eq(sessions.name, name))
        .orderBy(desc(sessions.createdAt), asc(sessions.id))
        .all()
        .map(sessionOf),
    touchSession: async (tx, tokenHash, usedAt) => {
      database
        .sql(tx)
        .update(sessions)
        .set({ usedAt })
        .where(and(eq(sessions.tokenHash, buffer(tokenHash)), lt(sessions.usedAt, usedAt)))
        .run();
    },
    deleteSession: async (tx, name, id) => {
      const row = database
        .sql(tx)
        .delete(sessions)
        .where(and(eq(sessions.name, name), eq(sessions.id, id)))
        .returning()
        .get();
      return row && sessionOf(row);
    },
    deleteIdleSessions: async (tx, usedBefore, limit) => {
      const db = database.sql(tx);
      const idle = db
        .select()
        .from(sessions)
        .where(lt(sessions.usedAt, usedBefore))
        .orderBy(asc(sessions.usedAt), asc(sessions.id))
        .limit(limit)
        .all();
      for (const { tokenHash } of idle) {
        db.delete(sessions).where(eq(sessions.tokenHash, tokenHash)).run();
      }
      return idle.map(sessionOf);
    },
  };
}

type InviteMethods = Pick<
  AuthenticationStore,
  | "insertInvite"
  | "useInvite"
  | "invites"
  | "countInvites"
  | "deleteInvite"
  | "deleteAdminInvites"
  | "deleteSpentInvites"
>;

function inviteMethods(database: Database): InviteMethods {
  return {
    insertInvite: async (tx, invite) => {
      database
        .sql(tx)
        .insert(invites)
        .values({
          ...invite,
          tokenHash: buffer(invite.tokenHash),
          expiresAt: invite.expiresAt ?? null,
        })
        .run();
    },
    useInvite: async (tx, tokenHash, at) => {
      const row = database
        .sql(tx)
        .update(invites)
        .set({ usesLeft: sql`${invites.usesLeft} - 1` })
        .where(
          and(
            eq(invites.tokenHash, buffer(tokenHash)),
            gt(invites.usesLeft, 0),
            or(isNull(invites.expiresAt), gt(invites.expiresAt, at)),
          ),
        )
        .returning()
        .get();
      return row && inviteOf(row);
    },
    invites: async (tx, limit) =>
      database
        .sql(tx)
        .select()
        .from(invites)
        .orderBy(desc(invites.createdAt), asc(invites.id))
        .limit(limit)
        .all()
        .map(inviteOf),
    countInvites: async (tx) =>
      database.sql(tx).select({ invites: count() }).from(invites).get()?.invites ?? 0,
    deleteInvite: async (tx, id) =>
      database.sql(tx).delete(invites).where(eq(invites.id, id)).run().changes === 1,
    deleteAdminInvites: async (tx) => {
      database.sql(tx).delete(invites).where(eq(invites.admin, true)).run();
    },
    deleteSpentInvites: async (tx, at, limit) => {
      const db = database.sql(tx);
      const spent = db
        .select({ id: invites.id })
        .from(invites)
        .where(or(lte(invites.usesLeft, 0), lte(invites.expiresAt, at)))
        .orderBy(asc(invites.createdAt), asc(invites.id))
        .limit(limit)
        .all();
      for (const { id } of spent) db.delete(invites).where(eq(invites.id, id)).run();
      return spent.length;
    },
  };
}

function clientOf(row: typeof clients.$inferSelect): StoredClient {
  return {
    client: parseClientUri(row.client),
    name: row.name,
    signatureKey: bytes(row.signatureKey),
    leafIdentity: bytes(row.leafIdentity),
    expiresAt: row.expiresAt,
  };
}

function sessionOf(row: typeof sessions.$inferSelect): StoredSession {
  return { ...row, tokenHash: bytes(row.tokenHash), client: parseClientUri(row.client) };
}

function inviteOf(row: typeof invites.$inferSelect): StoredInvite {
  return { ...row, tokenHash: bytes(row.tokenHash), expiresAt: row.expiresAt ?? undefined };
}

/** A view, not a copy: the driver reads it before the call returns. */
function buffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A copy of exact length: the driver's buffers may be part of a larger one. */
function bytes(value: Uint8Array): Bytes {
  return new Uint8Array(value);
}
