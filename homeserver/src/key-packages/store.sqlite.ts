import { and, asc, count, eq, gt, inArray, lte, sql } from "drizzle-orm";
import {
  domainOf,
  nameOf,
  parseClientUri,
  parseRoomUri,
  parseUserUri,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import { usersMeant } from "../platform/index.ts";
import type { Database, Drizzle, Tx } from "../platform/index.ts";
import { handedOut, stock } from "./schema.ts";
import type { KeyPackageStore, StoredKeyPackage } from "./store.ts";

export function createSqliteStore(database: Database): KeyPackageStore {
  return { ...stockMethods(database), ...claimMethods(database), ...deletions(database) };
}

function stockMethods(database: Database): Pick<KeyPackageStore, "add" | "stock"> {
  return {
    add: async (tx, packages) => {
      let added = 0;
      for (const candidate of packages) if (addOne(database, tx, candidate)) added += 1;
      return added;
    },
    stock: async (tx, client, at) => {
      const rows = database
        .sql(tx)
        .select({ lastResort: stock.lastResort, packages: count() })
        .from(stock)
        .where(and(eq(stock.client, client), gt(stock.notAfter, at)))
        .groupBy(stock.lastResort)
        .orderBy(asc(stock.lastResort))
        .all();
      const countOf = (lastResort: boolean): number =>
        rows.find((row) => row.lastResort === lastResort)?.packages ?? 0;
      return { ordinary: countOf(false), lastResort: countOf(true) };
    },
  };
}

function addOne(database: Database, tx: Tx, added: StoredKeyPackage): boolean {
  const db = database.sql(tx);
  const ref = buffer(added.ref);
  const given = db
    .select({ at: handedOut.at })
    .from(handedOut)
    .where(eq(handedOut.ref, ref))
    .orderBy(asc(handedOut.at))
    .limit(1)
    .get();
  const known = db
    .select({ client: stock.client })
    .from(stock)
    .where(eq(stock.ref, ref))
    .orderBy(asc(stock.ref))
    .get();
  if (given || known) return false;
  if (added.lastResort) {
    db.delete(stock)
      .where(
        and(
          eq(stock.client, added.client),
          eq(stock.lastResort, true),
          eq(stock.suite, added.suite),
        ),
      )
      .run();
  }
  db.insert(stock)
    .values({ ...added, ref, keyPackage: buffer(added.keyPackage) })
    .run();
  return true;
}

function claimMethods(
  database: Database,
): Pick<KeyPackageStore, "candidates" | "handOut" | "receivers" | "wasHandedTo"> {
  const selectCandidates = database.prepare((db) =>
    db
      .select()
      .from(stock)
      .where(
        and(
          eq(stock.client, sql.placeholder("client")),
          sql`${stock.suite} IN (SELECT value FROM json_each(${sql.placeholder("suites")}))`,
          gt(stock.notAfter, sql.placeholder("usableUntil")),
          lte(stock.notBefore, sql.placeholder("at")),
        ),
      )
      .orderBy(asc(stock.lastResort), asc(stock.notAfter), asc(stock.ref))
      .limit(sql.placeholder("limit"))
      .prepare(),
  );
  const insertHandedOut = database.prepare((db) =>
    db
      .insert(handedOut)
      .values({
        ref: sql.placeholder("ref"),
        requester: sql.placeholder("requester"),
        room: sql.placeholder("room"),
        client: sql.placeholder("client"),
        at: sql.placeholder("at"),
        notAfter: sql.placeholder("notAfter"),
      })
      .onConflictDoUpdate({
        target: [handedOut.ref, handedOut.requester, handedOut.room],
        set: { at: sql`excluded.at` },
      })
      .prepare(),
  );
  const deleteClaimed = database.prepare((db) =>
    db
      .delete(stock)
      .where(eq(stock.ref, sql.placeholder("ref")))
      .prepare(),
  );

  const handedTo = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string, string, string, string], { handed: number }>(
      `SELECT EXISTS (SELECT 1 FROM key_packages_handed_out
                      WHERE client >= ? AND client < ?
                        AND (requester >= ? AND requester < ? OR room >= ? AND room < ?)) AS handed`,
    ),
  );
  return {
    wasHandedTo: async (tx, user, who) => {
      const clients = `mimi://${domainOf(user)}/d/${nameOf(user)}`;
      const [from, to] = usersMeant(who);
      const rooms = who.kind === "server" ? `mimi://${who.domain}/r` : "";
      const row = handedTo(tx).get(
        `${clients}/`,
        `${clients}0`,
        from,
        to,
        rooms === "" ? "" : `${rooms}/`,
        rooms === "" ? "" : `${rooms}0`,
      );
      return row?.handed === 1;
    },
    candidates: async (tx, query) =>
      selectCandidates(tx)
        .all({ ...query, suites: JSON.stringify(query.suites) })
        .map(keyPackageOf),
    handOut: async (tx, claimed, to) => {
      const ref = buffer(claimed.ref);
      insertHandedOut(tx).run({
        ref,
        requester: to.requester,
        room: to.room ?? "",
        client: claimed.client,
        at: to.at,
        notAfter: claimed.notAfter,
      });
      if (!claimed.lastResort) deleteClaimed(tx).run({ ref });
    },
    receivers: async (tx, ref) =>
      database
        .sql(tx)
        .select()
        .from(handedOut)
        .where(eq(handedOut.ref, buffer(ref)))
        .orderBy(asc(handedOut.requester), asc(handedOut.room))
        .all()
        .map((row) => ({
          requester: parseUserUri(row.requester),
          room: row.room === "" ? undefined : parseRoomUri(row.room),
          at: row.at,
        })),
  };
}

function deletions(
  database: Database,
): Pick<
  KeyPackageStore,
  "deleteOf" | "deleteStockOf" | "forgetRequester" | "deleteExpired" | "purge"
> {
  return {
    forgetRequester: async (tx, user) => forgetRequester(database.sql(tx), user),
    purge: async (tx, at) => purge(database.sql(tx), at),
    deleteOf: async (tx, client) => {
      const db = database.sql(tx);
      db.delete(stock).where(eq(stock.client, client)).run();
      db.delete(handedOut).where(eq(handedOut.client, client)).run();
    },
    deleteStockOf: async (tx, client) => {
      database.sql(tx).delete(stock).where(eq(stock.client, client)).run();
    },
    deleteExpired: async (tx, at, limit) => {
      const db = database.sql(tx);
      const expired = db
        .select({ ref: stock.ref })
        .from(stock)
        .where(lte(stock.notAfter, at))
        .orderBy(asc(stock.notAfter), asc(stock.ref))
        .limit(limit);
      const forgotten = db
        .select({ ref: handedOut.ref })
        .from(handedOut)
        .where(lte(handedOut.notAfter, at))
        .orderBy(asc(handedOut.notAfter), asc(handedOut.ref))
        .limit(limit);
      return (
        db.delete(stock).where(inArray(stock.ref, expired)).run().changes +
        db.delete(handedOut).where(inArray(handedOut.ref, forgotten)).run().changes
      );
    },
  };
}

function forgetRequester(db: Drizzle, user: UserUri): void {
  const owners = db
    .selectDistinct({ client: handedOut.client })
    .from(handedOut)
    .where(eq(handedOut.requester, user))
    .orderBy(asc(handedOut.client))
    .all();
  const rename = db.$client.prepare<[string, string, string]>(
    `UPDATE OR REPLACE key_packages_handed_out SET requester = ?
     WHERE requester = ? AND client = ?`,
  );
  for (const { client } of owners) rename.run(userOfClient(parseClientUri(client)), user, client);
}

function purge(db: Drizzle, at: number): void {
  const owners = db
    .selectDistinct({ client: stock.client })
    .from(stock)
    .orderBy(asc(stock.client))
    .all();
  const remember = db.$client.prepare<[string, number, string]>(
    `INSERT INTO key_packages_handed_out (ref, requester, room, client, at, not_after)
     SELECT ref, ?, '', client, ?, not_after FROM key_packages_stock WHERE client = ?
     ON CONFLICT (ref, requester, room) DO NOTHING`,
  );
  for (const { client } of owners) {
    remember.run(userOfClient(parseClientUri(client)), at, client);
  }
  db.delete(stock).run();
}

function keyPackageOf(row: typeof stock.$inferSelect): StoredKeyPackage {
  return {
    ...row,
    ref: bytes(row.ref),
    keyPackage: bytes(row.keyPackage),
    client: parseClientUri(row.client),
  };
}

/** A view, not a copy: the driver reads it before the call returns. */
function buffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A copy of exact length: the driver's buffers may be part of a larger one. */
function bytes(value: Uint8Array): Bytes {
  return new Uint8Array(value);
}
