import { and, asc, count, desc, eq, gt, isNull, lt, lte, max, or, sql } from "drizzle-orm";
import { parseClientUri } from "@treehouse/protocol";
import type { Database, Drizzle } from "../../platform/index.ts";
import { fromBlob, toBlob } from "./blob.ts";
import { invites, seen, sessions } from "../schema.ts";
import type { AuthenticationStore, StoredInvite, StoredSession } from "./store.ts";

type SessionMethods = Pick<
  AuthenticationStore,
  | "insertSession"
  | "session"
  | "sessionsOf"
  | "touchSession"
  | "deleteSession"
  | "deleteIdleSessions"
  | "lastSeen"
>;

export function sessionMethods(database: Database): SessionMethods {
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
        .values({
          ...session,
          tokenHash: toBlob(session.tokenHash),
          clientName: session.clientName ?? null,
        })
        .run();
    },
    session: async (tx, tokenHash) => {
      const row = selectSession(tx).get({ tokenHash: toBlob(tokenHash) });
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
        .where(and(eq(sessions.tokenHash, toBlob(tokenHash)), lt(sessions.usedAt, usedAt)))
        .run();
    },
    deleteSession: async (tx, name, id) => {
      const row = database
        .sql(tx)
        .delete(sessions)
        .where(and(eq(sessions.name, name), eq(sessions.id, id)))
        .returning()
        .get();
      if (row !== undefined) noteSeen(database.sql(tx), row);
      return row && sessionOf(row);
    },
    lastSeen: async (tx, client) => {
      const db = database.sql(tx);
      const open = db
        .select({ at: max(sessions.usedAt) })
        .from(sessions)
        .where(eq(sessions.client, client))
        .get();
      const ended = db.select().from(seen).where(eq(seen.client, client)).get();
      const times = [open?.at ?? undefined, ended?.seenAt].filter((at) => at !== undefined);
      return times.length === 0 ? undefined : Math.max(...times);
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
      for (const session of idle) {
        noteSeen(db, session);
        db.delete(sessions).where(eq(sessions.tokenHash, session.tokenHash)).run();
      }
      return idle.map(sessionOf);
    },
  };
}

function noteSeen(
  db: Drizzle,
  { client, name, usedAt }: Pick<typeof sessions.$inferSelect, "client" | "name" | "usedAt">,
): void {
  db.insert(seen)
    .values({ client, name, seenAt: usedAt })
    .onConflictDoUpdate({ target: seen.client, set: { seenAt: sql`max(seen_at, ${usedAt})` } })
    .run();
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

export function inviteMethods(database: Database): InviteMethods {
  return {
    insertInvite: async (tx, invite) => {
      database
        .sql(tx)
        .insert(invites)
        .values({
          ...invite,
          tokenHash: toBlob(invite.tokenHash),
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
            eq(invites.tokenHash, toBlob(tokenHash)),
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

function sessionOf(row: typeof sessions.$inferSelect): StoredSession {
  return {
    ...row,
    tokenHash: fromBlob(row.tokenHash),
    client: parseClientUri(row.client),
    clientName: row.clientName ?? undefined,
  };
}

function inviteOf(row: typeof invites.$inferSelect): StoredInvite {
  return { ...row, tokenHash: fromBlob(row.tokenHash), expiresAt: row.expiresAt ?? undefined };
}
