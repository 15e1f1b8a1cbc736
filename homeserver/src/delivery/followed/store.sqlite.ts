import { and, asc, eq, gt, inArray, isNotNull, lte, sql } from "drizzle-orm";
import { parseClientUri, parseDomain, parseRoomUri, userOfClient } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { followed, followedHeads, followedMembers, forwardedCommits } from "../schema.ts";
import type { FollowedHead, FollowedStore } from "./store.ts";

export function createFollowedStore(database: Database): FollowedStore {
  return {
    ...roomMethods(database),
    ...headMethods(database),
    ...rosterMethods(database),
    ...forwardedMethods(database),
  };
}

type RoomMethods = Pick<
  FollowedStore,
  | "followedRoom"
  | "insertFollowed"
  | "keepFollowedHead"
  | "keepFollowedGroupInfo"
  | "followedGroupInfo"
  | "followedBehind"
  | "followedOf"
  | "followedAfter"
  | "followedHubs"
  | "suspectFollowed"
  | "frozenFollowed"
  | "stoppedFollowed"
  | "thawFollowed"
>;

function roomMethods(database: Database): RoomMethods {
  const stopped = database.prepare((db) =>
    db
      .select({ room: followed.room })
      .from(followedHeads)
      .innerJoin(followed, eq(followed.id, followedHeads.roomId))
      // As its index says it, which a parameter would not match.
      .where(sql`${followedHeads.frozen} = 1`)
      .orderBy(asc(followed.room))
      .prepare(),
  );
  return {
    followedRoom: async (tx, name) => {
      const row = database
        .sql(tx)
        .select()
        .from(followed)
        .innerJoin(followedHeads, eq(followedHeads.roomId, followed.id))
        .where(eq(followed.room, name))
        .orderBy(asc(followed.id))
        .get();
      if (row === undefined) return undefined;
      const { delivery_followed: room, delivery_followed_heads: head } = row;
      return {
        id: room.id,
        room: parseRoomUri(room.room),
        hub: parseDomain(room.hub),
        hubKey: bytes(room.hubKey),
        generation: room.generation,
        signedHead: room.signedHead === null ? undefined : bytes(room.signedHead),
        head: headOf(head),
      };
    },
    insertFollowed: async (tx, { room, hub, hubKey, generation, head }) => {
      const db = database.sql(tx);
      const { id } = db
        .insert(followed)
        .values({ room, hub, hubKey: buffer(hubKey), generation })
        .returning({ id: followed.id })
        .get();
      db.insert(followedHeads)
        .values({ ...head, roomId: id, hash: buffer(head.hash) })
        .run();
      return id;
    },
    keepFollowedHead: async (tx, roomId, signedHead) => {
      database
        .sql(tx)
        .update(followed)
        .set({ signedHead: buffer(signedHead) })
        .where(eq(followed.id, roomId))
        .run();
    },
    keepFollowedGroupInfo: async (tx, roomId, groupInfo) => {
      database
        .sql(tx)
        .update(followed)
        .set({ groupInfo: buffer(groupInfo) })
        .where(eq(followed.id, roomId))
        .run();
    },
    followedGroupInfo: async (tx, roomId) => {
      const row = database
        .sql(tx)
        .select({ groupInfo: followed.groupInfo })
        .from(followed)
        .where(eq(followed.id, roomId))
        .orderBy(asc(followed.id))
        .get();
      return row?.groupInfo == null ? undefined : bytes(row.groupInfo);
    },
    followedBehind: async (tx) =>
      database
        .sql(tx)
        .select({ room: followed.room, hub: followed.hub })
        .from(followed)
        .innerJoin(followedHeads, eq(followedHeads.roomId, followed.id))
        .where(and(gt(followedHeads.seen, followedHeads.position), eq(followedHeads.frozen, false)))
        .orderBy(asc(followed.room))
        .all()
        .map(({ room, hub }) => ({ room: parseRoomUri(room), hub: parseDomain(hub) })),
    followedOf: async (tx, user) =>
      database
        .sql(tx)
        .selectDistinct({
          room: followed.room,
          hub: followed.hub,
          epoch: followedHeads.epoch,
          position: followedHeads.position,
        })
        .from(followedMembers)
        .innerJoin(followed, eq(followed.id, followedMembers.roomId))
        .innerJoin(followedHeads, eq(followedHeads.roomId, followedMembers.roomId))
        .where(eq(followedMembers.user, user))
        .orderBy(asc(followed.room))
        .all()
        .map((row) => ({ ...row, room: parseRoomUri(row.room), hub: parseDomain(row.hub) })),
    followedAfter: async (tx, after, limit) =>
      database
        .sql(tx)
        .select({ room: followed.room, hub: followed.hub })
        .from(followed)
        .where(and(gt(followed.room, after ?? ""), isNotNull(followed.groupInfo)))
        .orderBy(asc(followed.room))
        .limit(limit)
        .all()
        .map(({ room, hub }) => ({ room: parseRoomUri(room), hub: parseDomain(hub) })),
    followedHubs: async (tx) =>
      database
        .sql(tx)
        .selectDistinct({ hub: followed.hub })
        .from(followed)
        .orderBy(asc(followed.hub))
        .all()
        .map(({ hub }) => parseDomain(hub)),
    frozenFollowed: async (tx, hub) =>
      database
        .sql(tx)
        .select({ room: followed.room, position: followedHeads.position })
        .from(followed)
        .innerJoin(followedHeads, eq(followedHeads.roomId, followed.id))
        .where(and(eq(followed.hub, hub), eq(followedHeads.frozen, true)))
        .orderBy(asc(followed.room))
        .all()
        .map(({ room, position }) => ({ room: parseRoomUri(room), position })),
    stoppedFollowed: async (tx) =>
      stopped(tx)
        .all()
        .map(({ room }) => parseRoomUri(room)),
    thawFollowed: async (tx, roomId) => {
      const db = database.sql(tx);
      db.update(followedHeads)
        .set({
          frozen: false,
          hash: buffer(new Uint8Array(0)),
          seen: sql`max(${followedHeads.seen}, ${followedHeads.position} + 1)`,
        })
        .where(eq(followedHeads.roomId, roomId))
        .run();
      // It may be one half of the contradiction; the hub signs another.
      db.update(followed).set({ signedHead: null }).where(eq(followed.id, roomId)).run();
    },
    suspectFollowed: async (tx) => {
      database
        .sql(tx)
        .update(followedHeads)
        .set({ seen: sql`max(${followedHeads.seen}, ${followedHeads.position} + 1)` })
        .run();
    },
  };
}

/** Every batch passes here once per room, so both statements are SQL of our own. */
function headMethods(database: Database): Pick<FollowedStore, "followedHead" | "moveFollowed"> {
  type Row = Omit<FollowedHead, "hash" | "frozen"> & {
    readonly hash: Buffer;
    readonly frozen: number;
  };
  const statements = database.prepare(({ $client: db }) => ({
    select: db.prepare<[number], Row>(
      `SELECT term, epoch, position, hash, seen, frozen FROM delivery_followed_heads
       WHERE room_id = ? ORDER BY room_id`,
    ),
    move: db.prepare<[number, number, number, Uint8Array, number, number, number]>(
      `UPDATE delivery_followed_heads
       SET term = ?, epoch = ?, position = ?, hash = ?, seen = ?, frozen = ? WHERE room_id = ?`,
    ),
  }));
  return {
    followedHead: async (tx, roomId) => {
      const row = statements(tx).select.get(roomId);
      return row && { ...row, hash: bytes(row.hash), frozen: row.frozen === 1 };
    },
    moveFollowed: async (tx, roomId, { term, epoch, position, hash, seen, frozen }) => {
      statements(tx).move.run(term, epoch, position, hash, seen, frozen ? 1 : 0, roomId);
    },
  };
}

function rosterMethods(
  database: Database,
): Pick<
  FollowedStore,
  | "followedRoster"
  | "replaceFollowedRoster"
  | "changeFollowedRoster"
  | "forgetFollowedMembers"
  | "changeGeneration"
> {
  return {
    changeGeneration: async (tx, roomId, generation) => {
      database.sql(tx).update(followed).set({ generation }).where(eq(followed.id, roomId)).run();
    },
    forgetFollowedMembers: async (tx, roomId) => {
      const db = database.sql(tx);
      db.delete(followedMembers).where(eq(followedMembers.roomId, roomId)).run();
      db.update(followed).set({ groupInfo: null }).where(eq(followed.id, roomId)).run();
    },
    changeFollowedRoster: async (tx, roomId, changes) => {
      const db = database.sql(tx);
      for (const { leaf, client, change } of changes) {
        if (change === "added") {
          db.insert(followedMembers)
            .values({ roomId, leaf, client, user: userOfClient(client) })
            .run();
          continue;
        }
        db.delete(followedMembers)
          .where(and(eq(followedMembers.roomId, roomId), eq(followedMembers.leaf, leaf)))
          .run();
      }
    },
    followedRoster: async (tx, roomId) =>
      database
        .sql(tx)
        .select({ leaf: followedMembers.leaf, client: followedMembers.client })
        .from(followedMembers)
        .where(eq(followedMembers.roomId, roomId))
        .orderBy(asc(followedMembers.leaf))
        .all()
        .map(({ leaf, client }) => ({ leaf, client: parseClientUri(client) })),
    replaceFollowedRoster: async (tx, roomId, roster) => {
      const db = database.sql(tx);
      db.delete(followedMembers).where(eq(followedMembers.roomId, roomId)).run();
      for (const { leaf, client } of roster) {
        db.insert(followedMembers)
          .values({ roomId, leaf, client, user: userOfClient(client) })
          .run();
      }
    },
  };
}

function forwardedMethods(
  database: Database,
): Pick<FollowedStore, "noteForwarded" | "wasForwarded" | "deleteExpiredForwarded"> {
  return {
    noteForwarded: async (tx, { hash, room, client, expiresAt }) => {
      database
        .sql(tx)
        .insert(forwardedCommits)
        .values({ hash: buffer(hash), room, client, expiresAt })
        .onConflictDoUpdate({ target: forwardedCommits.hash, set: { expiresAt } })
        .run();
    },
    wasForwarded: async (tx, { hash, room, client }) => {
      const row = database
        .sql(tx)
        .select()
        .from(forwardedCommits)
        .where(eq(forwardedCommits.hash, buffer(hash)))
        .orderBy(asc(forwardedCommits.hash))
        .get();
      return row?.room === room && row.client === client;
    },
    deleteExpiredForwarded: async (tx, at, limit) => {
      const db = database.sql(tx);
      const ended = db
        .select({ hash: forwardedCommits.hash })
        .from(forwardedCommits)
        .where(lte(forwardedCommits.expiresAt, at))
        .orderBy(asc(forwardedCommits.expiresAt), asc(forwardedCommits.hash))
        .limit(limit);
      return db.delete(forwardedCommits).where(inArray(forwardedCommits.hash, ended)).run().changes;
    },
  };
}

function headOf(row: typeof followedHeads.$inferSelect): FollowedHead {
  const { term, epoch, position, hash, seen, frozen } = row;
  return { term, epoch, position, hash: bytes(hash), seen, frozen };
}
