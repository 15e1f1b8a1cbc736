import { and, asc, eq, gt, isNull, lt, lte, notExists, or, sql } from "drizzle-orm";
import type { Bytes } from "@treehouse/protocol";
import type { Database, Drizzle } from "../../platform/index.ts";
import { bytes } from "../blob.ts";
import { epochs, heads, nodes, welcomes } from "../schema.ts";
import type { TreeStore } from "./store.ts";

export function createTreeStore(database: Database): TreeStore {
  return {
    tree: async (tx, roomId, epoch) => {
      const db = database.sql(tx);
      const kept = db
        .select({ size: epochs.treeSize, treeHash: epochs.treeHash })
        .from(epochs)
        .where(and(eq(epochs.roomId, roomId), eq(epochs.epoch, epoch)))
        .orderBy(asc(epochs.epoch))
        .get();
      if (kept === undefined) return undefined;
      return {
        treeHash: bytes(kept.treeHash),
        size: kept.size,
        nodes: nodesAt(db, roomId, epoch),
      };
    },
    treeKeptFor: async (tx, { roomId, epoch, client }) =>
      database
        .sql(tx)
        .select({ keptUntil: welcomes.keptUntil })
        .from(welcomes)
        .where(
          and(eq(welcomes.roomId, roomId), eq(welcomes.epoch, epoch), eq(welcomes.client, client)),
        )
        .orderBy(asc(welcomes.client))
        .get()?.keptUntil,
    shortenKept: async (tx, { roomId, epoch, client }, until) => {
      database
        .sql(tx)
        .update(welcomes)
        .set({ keptUntil: until })
        .where(
          and(
            eq(welcomes.roomId, roomId),
            eq(welcomes.epoch, epoch),
            eq(welcomes.client, client),
            gt(welcomes.keptUntil, until),
          ),
        )
        .run();
    },
    ...collection(database),
  };
}

function collection(database: Database): Pick<TreeStore, "deleteExpiredWelcomes" | "collectTrees"> {
  return {
    deleteExpiredWelcomes: async (tx, at, limit) => {
      const db = database.sql(tx);
      const ended = db
        .select()
        .from(welcomes)
        .where(lte(welcomes.keptUntil, at))
        .orderBy(
          asc(welcomes.keptUntil),
          asc(welcomes.roomId),
          asc(welcomes.epoch),
          asc(welcomes.client),
        )
        .limit(limit)
        .all();
      for (const { roomId, epoch, client } of ended) {
        db.delete(welcomes)
          .where(
            and(
              eq(welcomes.roomId, roomId),
              eq(welcomes.epoch, epoch),
              eq(welcomes.client, client),
            ),
          )
          .run();
      }
      return [...new Set(ended.map((row) => row.roomId))].toSorted((a, b) => a - b);
    },
    collectTrees: async (tx, roomId, epochsKept) => {
      const db = database.sql(tx);
      const head = db
        .select({ epoch: heads.epoch })
        .from(heads)
        .where(eq(heads.roomId, roomId))
        .orderBy(asc(heads.roomId))
        .get();
      const from = (head?.epoch ?? 0) - epochsKept;
      const waiting = db
        .select({ epoch: welcomes.epoch })
        .from(welcomes)
        .where(and(eq(welcomes.roomId, roomId), eq(welcomes.epoch, epochs.epoch)))
        .orderBy(asc(welcomes.epoch));
      db.delete(epochs)
        .where(and(eq(epochs.roomId, roomId), lt(epochs.epoch, from), notExists(waiting)))
        .run();
      const using = db
        .select({ epoch: epochs.epoch })
        .from(epochs)
        .where(
          and(
            eq(epochs.roomId, roomId),
            gt(nodes.until, epochs.epoch),
            lte(nodes.since, epochs.epoch),
          ),
        )
        .orderBy(asc(epochs.epoch));
      db.delete(nodes)
        .where(and(eq(nodes.roomId, roomId), sql`${nodes.until} IS NOT NULL`, notExists(using)))
        .run();
    },
  };
}

/** The tree of an epoch, as far as it is kept. */
export function nodesAt(db: Drizzle, roomId: number, epoch: number): ReadonlyMap<number, Bytes> {
  const rows = db
    .select({ node: nodes.node, content: nodes.content })
    .from(nodes)
    .where(
      and(
        eq(nodes.roomId, roomId),
        lte(nodes.since, epoch),
        or(isNull(nodes.until), gt(nodes.until, epoch)),
      ),
    )
    .orderBy(asc(nodes.node))
    .all();
  return new Map(rows.map((row) => [row.node, bytes(row.content)]));
}
