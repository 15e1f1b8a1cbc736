import { and, asc, count, eq, sql } from "drizzle-orm";
import { domainOf, parseDomain, parseRoomUri, parseUserUri } from "@treehouse/protocol";
import type { Database, Drizzle } from "../../platform/index.ts";
import { blocks, contacts } from "../schema.ts";
import type { Row } from "./relation.ts";
import type { ContactStore, ListedContact, Side } from "./store.ts";

export function createContactStore(database: Database): ContactStore {
  return {
    ...rowMethods(database),
    ...blockMethods(database),
    ...questions(database),
    ...countMethods(database),
    ...endings(database),
  };
}

function rowMethods(database: Database): Pick<ContactStore, "between" | "replace" | "list"> {
  const selectBetween = database.prepare((db) =>
    db
      .select()
      .from(contacts)
      .where(
        and(
          eq(contacts.owner, sql.placeholder("owner")),
          eq(contacts.user, sql.placeholder("user")),
        ),
      )
      .orderBy(asc(contacts.room))
      .prepare(),
  );
  return {
    between: async (tx, { owner, user }) => selectBetween(tx).all({ owner, user }).map(rowOf),
    replace: async (tx, side, rows) => {
      const db = database.sql(tx);
      db.delete(contacts).where(isBetween(side)).run();
      for (const row of rows) {
        const { owner, user } = side;
        const domain = domainOf(user);
        db.insert(contacts)
          .values({ ...row, owner, user, domain, room: row.room ?? "" })
          .run();
      }
    },
    list: async (tx, owner) => listOf(database.sql(tx), owner),
  };
}

function listOf(db: Drizzle, owner: string): readonly ListedContact[] {
  const rows = db
    .select()
    .from(contacts)
    .where(eq(contacts.owner, owner))
    .orderBy(asc(contacts.user), asc(contacts.room))
    .all();
  const blocked = db
    .select()
    .from(blocks)
    .where(eq(blocks.owner, owner))
    .orderBy(asc(blocks.user))
    .all();
  const byUser = new Map<string, Row[]>(blocked.map(({ user }) => [user, []]));
  for (const row of rows) {
    const known = byUser.get(row.user) ?? [];
    known.push(rowOf(row));
    byUser.set(row.user, known);
  }
  const since = new Map(blocked.map(({ user, blockedAt }) => [user, blockedAt]));
  return [...byUser]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([user, between]) => ({
      user: parseUserUri(user),
      rows: between,
      blockedSince: since.get(user),
    }));
}

function blockMethods(
  database: Database,
): Pick<ContactStore, "blockedSince" | "block" | "unblock"> {
  return {
    blockedSince: async (tx, side) =>
      database
        .sql(tx)
        .select({ blockedAt: blocks.blockedAt })
        .from(blocks)
        .where(isBlocked(side))
        .orderBy(asc(blocks.blockedAt))
        .get()?.blockedAt,
    block: async (tx, { owner, user }, blockedAt) => {
      database
        .sql(tx)
        .insert(blocks)
        .values({ owner, user, blockedAt })
        .onConflictDoNothing()
        .run();
    },
    unblock: async (tx, side) => {
      database.sql(tx).delete(blocks).where(isBlocked(side)).run();
    },
  };
}

function questions(
  database: Database,
): Pick<ContactStore, "standing" | "knows" | "ownersOf" | "domainsOf"> {
  const standing = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string, string, string], { given: number; blocked: number }>(
      `SELECT
         EXISTS (SELECT 1 FROM authentication_contacts
                 WHERE owner = ? AND user = ? AND room IN ('', ?) AND given = 1) AS given,
         EXISTS (SELECT 1 FROM authentication_blocks WHERE owner = ? AND user = ?) AS blocked`,
    ),
  );
  const knows = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string], { known: number }>(
      `SELECT EXISTS (SELECT 1 FROM authentication_contacts
                      WHERE owner = ? AND (user = ? OR domain = ?)) AS known`,
    ),
  );
  return {
    knows: async (tx, owner, who) => {
      const [user, domain] = who.kind === "user" ? [who.user, ""] : ["", who.domain];
      return knows(tx).get(owner, user, domain)?.known === 1;
    },
    standing: async (tx, { owner, user }, room) => {
      const found = standing(tx).get(owner, user, room ?? "", owner, user);
      return { given: found?.given === 1, blocked: found?.blocked === 1 };
    },
    ownersOf: async (tx, user) => {
      const db = database.sql(tx);
      const named = [contacts, blocks].flatMap((table) =>
        db
          .selectDistinct({ owner: table.owner })
          .from(table)
          .where(eq(table.user, user))
          .orderBy(asc(table.owner))
          .all(),
      );
      return [...new Set(named.map(({ owner }) => owner))].toSorted();
    },
    domainsOf: async (tx, owner) =>
      database
        .sql(tx)
        .selectDistinct({ domain: contacts.domain })
        .from(contacts)
        .where(eq(contacts.owner, owner))
        .orderBy(asc(contacts.domain))
        .all()
        .map(({ domain }) => parseDomain(domain)),
  };
}

function countMethods(
  database: Database,
): Pick<ContactStore, "count" | "countAskedAt" | "countWaitingFrom"> {
  const counts = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string], { users: number; asked: number; waiting: number }>(
      `SELECT
         (SELECT count(*) FROM (
            SELECT user FROM authentication_contacts WHERE owner = ?
            UNION SELECT user FROM authentication_blocks WHERE owner = ?)) AS users,
         coalesce(sum(asked AND NOT received), 0) AS asked, coalesce(sum(waiting), 0) AS waiting
       FROM authentication_contacts WHERE owner = ?`,
    ),
  );
  const countRows = (db: Drizzle, where: ReturnType<typeof and>): number =>
    db.select({ rows: count() }).from(contacts).where(where).get()?.rows ?? 0;
  return {
    count: async (tx, owner) =>
      counts(tx).get(owner, owner, owner) ?? { users: 0, asked: 0, waiting: 0 },
    countAskedAt: async (tx, domain) =>
      countRows(
        database.sql(tx),
        and(eq(contacts.domain, domain), eq(contacts.asked, true), eq(contacts.received, false)),
      ),
    countWaitingFrom: async (tx, owner, domain) =>
      countRows(
        database.sql(tx),
        and(eq(contacts.owner, owner), eq(contacts.domain, domain), eq(contacts.waiting, true)),
      ),
  };
}

function endings(database: Database): Pick<ContactStore, "forget" | "forgetOwner"> {
  return {
    forget: async (tx, side) => {
      const db = database.sql(tx);
      db.delete(contacts).where(isBetween(side)).run();
      db.delete(blocks).where(isBlocked(side)).run();
    },
    forgetOwner: async (tx, owner) => {
      const db = database.sql(tx);
      db.delete(contacts).where(eq(contacts.owner, owner)).run();
      db.delete(blocks).where(eq(blocks.owner, owner)).run();
    },
  };
}

function isBetween({ owner, user }: Side) {
  return and(eq(contacts.owner, owner), eq(contacts.user, user));
}

function isBlocked({ owner, user }: Side) {
  return and(eq(blocks.owner, owner), eq(blocks.user, user));
}

function rowOf(row: typeof contacts.$inferSelect): Row {
  const { asked, waiting, given, received, note, changedAt } = row;
  const room = row.room === "" ? undefined : parseRoomUri(row.room);
  return { room, asked, waiting, given, received, note, changedAt };
}
