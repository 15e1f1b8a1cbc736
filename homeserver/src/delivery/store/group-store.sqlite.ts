import { parseRoomUri } from "@treehouse/protocol";
import { and, asc, eq, gt, inArray, isNull, notExists, sql } from "drizzle-orm";
import type { Database, Drizzle, Tx } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { epochs, heads, members, nodes, proposals, removals, rooms, welcomes } from "../schema.ts";
import type { EpochChange, GroupStore, StoredHead, StoredProposal } from "./store.ts";

export function createGroupStore(database: Database): GroupStore {
  const replaceNodes = createNodeWriter(database);
  return {
    startEpoch: async (tx, roomId, change) => {
      const db = database.sql(tx);
      db.insert(epochs)
        .values({
          ...change.epoch,
          roomId,
          treeHash: buffer(change.epoch.treeHash),
          groupContext: buffer(change.epoch.groupContext),
          confirmationTag: buffer(change.epoch.confirmationTag),
          groupInfo: buffer(change.epoch.groupInfo),
        })
        .run();
      replaceNodes(tx, roomId, change);
      changeRoster(database, tx, roomId, change);
      for (const welcomed of change.welcomed) {
        db.insert(welcomes)
          .values({ ...welcomed, roomId, epoch: change.epoch.epoch })
          .onConflictDoNothing()
          .run();
      }
      db.delete(proposals).where(eq(proposals.roomId, roomId)).run();
      insertProposals(database, tx, roomId, change.proposals);
      setHead(database, tx, roomId, change.head);
      db.update(rooms)
        .set({ signedHead: buffer(change.signedHead) })
        .where(eq(rooms.id, roomId))
        .run();
    },
    addProposals: async (tx, roomId, change) => {
      insertProposals(database, tx, roomId, change.proposals);
      setHead(database, tx, roomId, change.head);
    },
    proposals: async (tx, roomId) => selectProposals(database.sql(tx), roomId),
    addRemovals: async (tx, roomId, leaves, at) => {
      for (const leaf of leaves.removals) {
        const held = leaves.held.has(leaf);
        database
          .sql(tx)
          .insert(removals)
          .values({ roomId, leaf, requestedAt: at, held })
          .onConflictDoUpdate({ target: [removals.roomId, removals.leaf], set: { held } })
          .run();
      }
    },
    roomsThatWait: async (tx, after, limit) =>
      database
        .sql(tx)
        .select({ room: rooms.room })
        .from(rooms)
        .innerJoin(heads, eq(heads.roomId, rooms.id))
        .innerJoin(epochs, and(eq(epochs.roomId, rooms.id), eq(epochs.epoch, heads.epoch)))
        // Where the component may stand; its room is looked at then.
        .where(and(gt(rooms.room, after ?? ""), sql`instr(${epochs.groupContext}, x'800d03') > 0`))
        .orderBy(asc(rooms.room))
        .limit(limit)
        .all()
        .map((row) => parseRoomUri(row.room)),
    roomsToPropose: async (tx, limit) => {
      const db = database.sql(tx);
      const proposed = db.select().from(proposals).where(eq(proposals.roomId, removals.roomId));
      return db
        .selectDistinct({ room: rooms.room })
        .from(removals)
        .innerJoin(rooms, eq(rooms.id, removals.roomId))
        .where(and(eq(removals.held, false), notExists(proposed)))
        .orderBy(asc(rooms.room))
        .limit(limit)
        .all()
        .map((row) => parseRoomUri(row.room));
    },
  };
}

export function selectProposals(db: Drizzle, roomId: number): readonly StoredProposal[] {
  return db
    .select()
    .from(proposals)
    .where(eq(proposals.roomId, roomId))
    .orderBy(asc(proposals.ordinal))
    .all()
    .map(({ ref, message, acceptedAt }) => ({
      ref: bytes(ref),
      message: bytes(message),
      acceptedAt,
    }));
}

type NodeWriter = (tx: Tx, roomId: number, change: Pick<EpochChange, "epoch" | "nodes">) => void;

/** Work grows with the changed nodes alone, so both statements are prepared. */
function createNodeWriter(database: Database): NodeWriter {
  const end = database.prepare((db) =>
    db
      .update(nodes)
      .set({ until: sql`${sql.placeholder("epoch")}` })
      .where(
        and(
          eq(nodes.roomId, sql.placeholder("roomId")),
          eq(nodes.node, sql.placeholder("node")),
          isNull(nodes.until),
        ),
      )
      .prepare(),
  );
  const insert = database.prepare((db) =>
    db
      .insert(nodes)
      .values({
        roomId: sql.placeholder("roomId"),
        node: sql.placeholder("node"),
        since: sql.placeholder("epoch"),
        content: sql.placeholder("content"),
      })
      .prepare(),
  );
  return (tx, roomId, change) => {
    const { epoch } = change.epoch;
    for (const { index, node } of change.nodes) {
      end(tx).run({ roomId, node: index, epoch });
      if (node !== undefined) {
        insert(tx).run({ roomId, node: index, epoch, content: buffer(node) });
      }
    }
  };
}

function changeRoster(database: Database, tx: Tx, roomId: number, change: EpochChange): void {
  const db = database.sql(tx);
  const removed = [...change.removed];
  db.delete(members)
    .where(and(eq(members.roomId, roomId), inArray(members.leaf, removed)))
    .run();
  db.delete(removals)
    .where(and(eq(removals.roomId, roomId), inArray(removals.leaf, removed)))
    .run();
  for (const member of change.added) {
    db.insert(members)
      .values({ ...member, roomId })
      .run();
  }
}

export function insertProposals(
  database: Database,
  tx: Tx,
  roomId: number,
  added: readonly StoredProposal[],
): void {
  if (added.length === 0) return;
  const db = database.sql(tx);
  const last = db
    .select({ ordinal: sql<number>`coalesce(max(${proposals.ordinal}), 0)` })
    .from(proposals)
    .where(eq(proposals.roomId, roomId))
    .orderBy(asc(sql`1`))
    .get();
  let ordinal = last?.ordinal ?? 0;
  for (const { ref, message, acceptedAt } of added) {
    ordinal += 1;
    db.insert(proposals)
      .values({ roomId, ordinal, acceptedAt, ref: buffer(ref), message: buffer(message) })
      .run();
  }
}

export function setHead(database: Database, tx: Tx, roomId: number, head: StoredHead): void {
  database
    .sql(tx)
    .update(heads)
    .set({ ...head, hash: buffer(head.hash) })
    .where(eq(heads.roomId, roomId))
    .run();
}
