import { and, asc, eq, gt, isNull, lt, lte, or, sql } from "drizzle-orm";
import { parseStreamUri } from "@treehouse/protocol";
import type { StreamUri } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import type { Database, Drizzle, ReadTx } from "../platform/index.ts";
import { entries, incarnations, jumps, streams, subscriptions } from "./schema.ts";
import { createSqliteEntryStore } from "./entry-store.sqlite.ts";
import { createSqliteJumpStore } from "./jump-store.sqlite.ts";
import type {
  QueuingStore,
  StoredStream,
  StreamStore,
  Subscription,
  SubscriptionStore,
} from "./store.ts";

export function createSqliteStore(database: Database): QueuingStore {
  return {
    ...streamMethods(database),
    ...createSqliteJumpStore(database),
    ...createSqliteEntryStore(database),
    ...subscriptionMethods(database),
  };
}

const roomKind = 1;
const inboxKind = 2;

/**
 * The head is looked up in the index, because a column would be written with each entry. The outer
 * id is spelled out: the query builder would leave the table's name away, and mean the entry's id.
 */
const head = sql<number>`max(${streams.prunedTo}, coalesce((SELECT max(position)
  FROM queuing_entries WHERE stream = queuing_streams.id), 0))`;

const streamColumns = {
  id: streams.id,
  name: streams.name,
  kind: streams.kind,
  prunedTo: streams.prunedTo,
  droppedTo: streams.droppedTo,
  overflowedTo: streams.overflowedTo,
  dueAt: streams.dueAt,
  head,
};

function prepareStreams(db: Drizzle) {
  return {
    byName: db
      .select(streamColumns)
      .from(streams)
      .where(eq(streams.name, sql.placeholder("name")))
      .orderBy(asc(streams.id))
      .prepare(),
    byId: db
      .select(streamColumns)
      .from(streams)
      .where(eq(streams.id, sql.placeholder("id")))
      .orderBy(asc(streams.id))
      .prepare(),
    schedule: db
      .update(streams)
      .set({ dueAt: sql`${sql.placeholder("dueAt")}` })
      .where(and(eq(streams.id, sql.placeholder("id")), isNull(streams.dueAt)))
      .prepare(),
    reschedule: db
      .update(streams)
      .set({ dueAt: sql`${sql.placeholder("dueAt")}` })
      .where(eq(streams.id, sql.placeholder("id")))
      .prepare(),
    raiseGone: db
      .update(streams)
      .set({
        prunedTo: sql`max(${streams.prunedTo}, ${sql.placeholder("prunedTo")})`,
        droppedTo: sql`max(${streams.droppedTo}, ${sql.placeholder("droppedTo")})`,
        overflowedTo: sql`max(${streams.overflowedTo}, ${sql.placeholder("overflowedTo")})`,
      })
      .where(eq(streams.id, sql.placeholder("id")))
      .prepare(),
    due: db
      .select({ id: streams.id })
      .from(streams)
      .where(lte(streams.dueAt, sql.placeholder("at")))
      .orderBy(asc(streams.dueAt), asc(streams.id))
      .limit(sql.placeholder("limit"))
      .prepare(),
  };
}

function streamMethods(database: Database): StreamStore {
  const statements = database.prepare(prepareStreams);
  const find = (tx: ReadTx, name: StreamUri): StoredStream | undefined => {
    const row = statements(tx).byName.get({ name });
    return row === undefined ? undefined : streamOf(row);
  };
  return {
    incarnation: async (tx) => {
      const [row] = database
        .sql(tx)
        .select()
        .from(incarnations)
        .orderBy(asc(incarnations.id))
        .all();
      return row === undefined ? undefined : new Uint8Array(row.incarnation);
    },
    setIncarnation: async (tx, incarnation) => {
      const value = { incarnation: Buffer.from(incarnation) };
      database
        .sql(tx)
        .insert(incarnations)
        .values({ id: 1, ...value })
        .onConflictDoUpdate({ target: incarnations.id, set: value })
        .run();
    },
    findStream: async (tx, name) => find(tx, name),
    streamById: async (tx, id) => {
      const row = statements(tx).byId.get({ id });
      return row === undefined ? undefined : streamOf(row);
    },
    createStream: async (tx, name, kind) => {
      const code = kind === "room" ? roomKind : inboxKind;
      database.sql(tx).insert(streams).values({ name, kind: code }).run();
      const created = find(tx, name);
      if (created === undefined) throw new Assertion("A stream just created is not there.");
      return created;
    },
    deleteStream: async (tx, id) => {
      const db = database.sql(tx);
      db.delete(entries).where(eq(entries.stream, id)).run();
      db.delete(subscriptions).where(eq(subscriptions.stream, id)).run();
      db.delete(jumps).where(eq(jumps.stream, id)).run();
      db.delete(streams).where(eq(streams.id, id)).run();
    },
    schedule: async (tx, id, dueAt) => {
      statements(tx).schedule.run({ id, dueAt });
    },
    dueStreams: async (tx, at, limit) =>
      statements(tx)
        .due.all({ at, limit })
        .map(({ id }) => id),
    reschedule: async (tx, id, dueAt) => {
      statements(tx).reschedule.run({ id, dueAt: dueAt ?? null });
    },
    raiseGone: async (tx, id, gone) => {
      statements(tx).raiseGone.run({ id, ...gone });
    },
  };
}

type StreamRow = Omit<StoredStream, "name" | "kind" | "dueAt"> & {
  readonly name: string;
  readonly kind: number;
  readonly dueAt: number | null;
};

function streamOf({ name, kind, dueAt, ...row }: StreamRow): StoredStream {
  return {
    ...row,
    name: parseStreamUri(name),
    kind: kind === roomKind ? "room" : "inbox",
    dueAt: dueAt ?? undefined,
  };
}

const sameSubscription = and(
  eq(subscriptions.client, sql.placeholder("client")),
  eq(subscriptions.stream, sql.placeholder("stream")),
  eq(subscriptions.after, sql.placeholder("after")),
);

function prepareSubscriptions(db: Drizzle) {
  return {
    of: db
      .select()
      .from(subscriptions)
      .where(eq(subscriptions.client, sql.placeholder("client")))
      .orderBy(asc(subscriptions.stream), asc(subscriptions.after))
      .prepare(),
    to: db
      .select()
      .from(subscriptions)
      .where(
        and(
          eq(subscriptions.client, sql.placeholder("client")),
          eq(subscriptions.stream, sql.placeholder("stream")),
        ),
      )
      .orderBy(asc(subscriptions.after))
      .prepare(),
    put: db
      .insert(subscriptions)
      .values({
        client: sql.placeholder("client"),
        stream: sql.placeholder("stream"),
        after: sql.placeholder("after"),
        upTo: sql.placeholder("upTo"),
        cursor: sql.placeholder("cursor"),
        awaitsInbox: sql.placeholder("awaitsInbox"),
      })
      .onConflictDoUpdate({
        target: [subscriptions.client, subscriptions.stream, subscriptions.after],
        set: {
          upTo: sql`excluded.up_to`,
          cursor: sql`excluded.cursor`,
          awaitsInbox: sql`excluded.awaits_inbox`,
        },
      })
      .prepare(),
    delete: db.delete(subscriptions).where(sameSubscription).prepare(),
    advance: db
      .update(subscriptions)
      .set({ cursor: sql`${sql.placeholder("cursor")}` })
      .where(and(sameSubscription, lt(subscriptions.cursor, sql.placeholder("cursor"))))
      .prepare(),
    lowest: db
      .select({ cursor: subscriptions.cursor })
      .from(subscriptions)
      .where(
        and(
          eq(subscriptions.stream, sql.placeholder("stream")),
          or(isNull(subscriptions.upTo), gt(subscriptions.upTo, subscriptions.cursor)),
        ),
      )
      .orderBy(asc(subscriptions.cursor))
      .limit(1)
      .prepare(),
  };
}

function subscriptionMethods(database: Database): SubscriptionStore {
  const statements = database.prepare(prepareSubscriptions);
  return {
    subscriptionsOf: async (tx, client) => statements(tx).of.all({ client }).map(subscriptionOf),
    subscriptionsTo: async (tx, client, stream) =>
      statements(tx).to.all({ client, stream }).map(subscriptionOf),
    putSubscription: async (tx, subscription) => {
      statements(tx).put.run({ ...subscription, upTo: subscription.upTo ?? null });
    },
    deleteSubscription: async (tx, key) => {
      statements(tx).delete.run({ ...key });
    },
    deleteSubscriptionsOf: async (tx, client) => {
      database.sql(tx).delete(subscriptions).where(eq(subscriptions.client, client)).run();
    },
    advance: async (tx, key, cursor) => {
      statements(tx).advance.run({ ...key, cursor });
    },
    lowestCursor: async (tx, stream) => statements(tx).lowest.get({ stream })?.cursor,
  };
}

function subscriptionOf(row: typeof subscriptions.$inferSelect): Subscription {
  return { ...row, upTo: row.upTo ?? undefined };
}
