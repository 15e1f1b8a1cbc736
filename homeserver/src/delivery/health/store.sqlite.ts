import { and, asc, eq, gt, inArray, lt, lte } from "drizzle-orm";
import {
  parseClientUri,
  parseRoomUri,
  parseUserUri,
  signedHealthReportCodec,
} from "@treehouse/protocol";
import type { Database, Tx } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { epochOf, insertProposals, nodesAt, setHead } from "../store/index.ts";
import {
  epochs,
  members,
  nodes,
  proposals,
  removals,
  reports,
  rooms,
  unsettled,
  voids,
  welcomes,
} from "../schema.ts";
import { beforeCodec } from "./before-codec.ts";
import type { HealthStore, VoidChange } from "./store.ts";

export function createHealthStore(database: Database): HealthStore {
  return {
    addUnsettled: async (tx, roomId, { before, ...commit }, keptFrom) => {
      forget(database, tx, roomId, keptFrom - 1);
      const values = {
        ...commit,
        roomId,
        hash: buffer(commit.hash),
        before: buffer(beforeCodec.encode(before)),
      };
      database.sql(tx).insert(unsettled).values(values).run();
    },
    settle: async (tx, roomId, upTo, head) => {
      forget(database, tx, roomId, upTo);
      setHead(database, tx, roomId, head);
    },
    addReport: async (tx, roomId, { report, ...row }, head) => {
      const values = { ...row, report: buffer(signedHealthReportCodec.encode(report)) };
      database
        .sql(tx)
        .insert(reports)
        .values({ ...values, roomId })
        .onConflictDoUpdate({ target: [reports.roomId, reports.user], set: values })
        .run();
      setHead(database, tx, roomId, head);
    },
    roomsReported: async (tx, limit) =>
      database
        .sql(tx)
        .selectDistinct({ room: rooms.room })
        .from(reports)
        .innerJoin(rooms, eq(rooms.id, reports.roomId))
        .orderBy(asc(rooms.room))
        .limit(limit)
        .all()
        .map((row) => parseRoomUri(row.room)),
    health: async (tx, roomId) => {
      const db = database.sql(tx);
      const commits = db
        .select()
        .from(unsettled)
        .where(eq(unsettled.roomId, roomId))
        .orderBy(asc(unsettled.position))
        .all();
      const told = db
        .select()
        .from(reports)
        .where(eq(reports.roomId, roomId))
        .orderBy(asc(reports.acceptedAt), asc(reports.user))
        .all();
      const undone = db
        .select()
        .from(voids)
        .where(eq(voids.roomId, roomId))
        .orderBy(asc(voids.position))
        .all();
      return {
        unsettled: commits.map(({ epoch, position, hash, committer, external, before }) => ({
          epoch,
          position,
          hash: bytes(hash),
          committer: parseClientUri(committer),
          external,
          before: beforeCodec.decode(bytes(before)),
        })),
        reports: told.map(({ user, position, acceptedAt, report }) => ({
          user: parseUserUri(user),
          position,
          acceptedAt,
          report: signedHealthReportCodec.decode(bytes(report)),
        })),
        voids: undone.map(({ position, epoch, user, voidedAt, until, lenient }) => ({
          position,
          epoch,
          user: parseUserUri(user),
          voidedAt,
          until,
          lenient,
        })),
      };
    },
    formerEpoch: async (tx, roomId, epoch) => {
      const db = database.sql(tx);
      const kept = db
        .select()
        .from(epochs)
        .where(and(eq(epochs.roomId, roomId), lte(epochs.epoch, epoch)))
        .orderBy(asc(epochs.epoch))
        .all();
      const current = kept.at(-1);
      if (current?.epoch !== epoch) return undefined;
      return {
        current: epochOf(current),
        nodes: nodesAt(db, roomId, epoch),
        starts: kept.map(({ epoch: number, startedAt, entered }) => ({
          epoch: number,
          startedAt,
          entered,
        })),
      };
    },
    voidCommits: async (tx, roomId, change) => {
      takeBackTree(database, tx, roomId, change.record.epoch);
      putBack(database, tx, roomId, change);
      const db = database.sql(tx);
      db.delete(unsettled).where(eq(unsettled.roomId, roomId)).run();
      db.delete(reports).where(eq(reports.roomId, roomId)).run();
      db.insert(voids)
        .values({ ...change.record, roomId })
        .run();
      setHead(database, tx, roomId, change.head);
      const signedHead = buffer(change.signedHead);
      db.update(rooms).set({ signedHead }).where(eq(rooms.id, roomId)).run();
    },
    deleteOldVoids: async (tx, at, limit) => {
      const db = database.sql(tx);
      const old = db
        .select({ roomId: voids.roomId, position: voids.position })
        .from(voids)
        .where(lt(voids.voidedAt, at))
        .orderBy(asc(voids.voidedAt), asc(voids.roomId), asc(voids.position))
        .limit(limit)
        .all();
      for (const { roomId, position } of old) {
        db.delete(voids)
          .where(and(eq(voids.roomId, roomId), eq(voids.position, position)))
          .run();
      }
      return old.length;
    },
  };
}

function forget(database: Database, tx: Tx, roomId: number, upTo: number): void {
  const db = database.sql(tx);
  db.delete(unsettled)
    .where(and(eq(unsettled.roomId, roomId), lte(unsettled.position, upTo)))
    .run();
  db.delete(reports)
    .where(and(eq(reports.roomId, roomId), lte(reports.position, upTo)))
    .run();
}

/** Nodes, epochs and Welcomes of what came after an epoch go; what it ended goes on. */
function takeBackTree(database: Database, tx: Tx, roomId: number, epoch: number): void {
  const db = database.sql(tx);
  db.delete(nodes)
    .where(and(eq(nodes.roomId, roomId), gt(nodes.since, epoch)))
    .run();
  db.update(nodes)
    .set({ until: null })
    .where(and(eq(nodes.roomId, roomId), gt(nodes.until, epoch)))
    .run();
  db.delete(epochs)
    .where(and(eq(epochs.roomId, roomId), gt(epochs.epoch, epoch)))
    .run();
  db.delete(welcomes)
    .where(and(eq(welcomes.roomId, roomId), gt(welcomes.epoch, epoch)))
    .run();
}

function putBack(
  database: Database,
  tx: Tx,
  roomId: number,
  { members: there, before, acceptedAt }: VoidChange,
): void {
  const db = database.sql(tx);
  db.delete(members).where(eq(members.roomId, roomId)).run();
  for (const member of there) {
    db.insert(members)
      .values({ ...member, roomId })
      .run();
  }
  const leaves = [...before.removals];
  const held = new Set(before.held);
  const known = db
    .select({ leaf: removals.leaf })
    .from(removals)
    .where(and(eq(removals.roomId, roomId), inArray(removals.leaf, leaves)))
    .orderBy(asc(removals.leaf))
    .all();
  const kept = new Set(known.map(({ leaf }) => leaf));
  for (const leaf of leaves) {
    if (kept.has(leaf)) continue;
    db.insert(removals)
      .values({ roomId, leaf, requestedAt: acceptedAt, held: held.has(leaf) })
      .run();
  }
  db.delete(proposals).where(eq(proposals.roomId, roomId)).run();
  insertProposals(database, tx, roomId, before.proposals);
}
