import { and, asc, countDistinct, eq, isNull, sql } from "drizzle-orm";
import { parseRoomUri } from "@treehouse/protocol";
import type { Database, Drizzle } from "../../platform/index.ts";
import { usersMeant } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { selectProposals } from "./group-store.sqlite.ts";
import {
  epochs,
  heads,
  linkUses,
  members,
  nodes,
  peers,
  proposals,
  removals,
  reports,
  restored,
  rooms,
  unsettled,
  voids,
  welcomes,
} from "../schema.ts";
import type { HealthStore } from "../health/index.ts";
import type { NewRoom, RoomStore, StoredEpoch, StoredRoom } from "./store.ts";

export function createRoomStore(
  database: Database,
  { health }: Pick<HealthStore, "health">,
): Omit<RoomStore, "companionsOf" | "isIn"> {
  const shares = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string, string, string, string], { shared: number }>(
      `SELECT
         EXISTS (SELECT 1 FROM delivery_members mine
                 JOIN delivery_members theirs ON theirs.room_id = mine.room_id
                 WHERE mine.user = ? AND theirs.user >= ? AND theirs.user < ?)
         OR EXISTS (SELECT 1 FROM delivery_followed_members mine
                 JOIN delivery_followed_members theirs ON theirs.room_id = mine.room_id
                 WHERE mine.user = ? AND theirs.user >= ? AND theirs.user < ?) AS shared`,
    ),
  );
  return {
    insertRoom: async (tx, room) => insertRoom(database.sql(tx), room),
    room: async (tx, name) => {
      const db = database.sql(tx);
      const row = db
        .select()
        .from(rooms)
        .innerJoin(heads, eq(heads.roomId, rooms.id))
        .innerJoin(epochs, and(eq(epochs.roomId, rooms.id), eq(epochs.epoch, heads.epoch)))
        .where(eq(rooms.room, name))
        .orderBy(asc(rooms.id))
        .get();
      if (row === undefined) return undefined;
      const { delivery_rooms: room, delivery_heads: head, delivery_epochs: epoch } = row;
      return {
        ...room,
        room: parseRoomUri(room.room),
        hubPrivateKey: bytes(room.hubPrivateKey),
        hubPublicKey: bytes(room.hubPublicKey),
        signedHead: bytes(room.signedHead),
        head: {
          epoch: head.epoch,
          revision: head.revision,
          position: head.position,
          hash: bytes(head.hash),
        },
        current: epochOf(epoch),
        ...currentRows(db, room.id),
        ...(await health(tx, room.id)),
      };
    },
    deleteRoom: async (tx, roomId) => {
      const db = database.sql(tx);
      for (const table of tablesOfRoom) {
        db.delete(table).where(eq(table.roomId, roomId)).run();
      }
      db.delete(rooms).where(eq(rooms.id, roomId)).run();
    },
    roomsOf: async (tx, user) =>
      database
        .sql(tx)
        .selectDistinct({ room: rooms.room, epoch: heads.epoch, position: heads.position })
        .from(members)
        .innerJoin(rooms, eq(rooms.id, members.roomId))
        .innerJoin(heads, eq(heads.roomId, members.roomId))
        .where(eq(members.user, user))
        .orderBy(asc(rooms.room))
        .all()
        .map((row) => ({ ...row, room: parseRoomUri(row.room) })),
    shares: async (tx, user, who) => {
      const [from, to] = usersMeant(who);
      const row = shares(tx).get(user, from, to, user, from, to);
      return row?.shared === 1;
    },
    countRoomsOf: async (tx, user) =>
      database
        .sql(tx)
        .select({ rooms: countDistinct(members.roomId) })
        .from(members)
        .where(eq(members.user, user))
        .orderBy(asc(sql`1`))
        .get()?.rooms ?? 0,
  };
}

/** All that have rows of a room but `rooms` itself. */
export const tablesOfRoom = [
  heads,
  epochs,
  nodes,
  members,
  welcomes,
  removals,
  proposals,
  peers,
  restored,
  unsettled,
  reports,
  voids,
  linkUses,
];

function insertRoom(db: Drizzle, room: NewRoom): number {
  const { id } = db
    .insert(rooms)
    .values({
      room: room.room,
      generation: room.generation,
      term: room.term,
      termSince: room.termSince,
      hubPrivateKey: buffer(room.hubPrivateKey),
      hubPublicKey: buffer(room.hubPublicKey),
      foundedAt: room.foundedAt,
      signedHead: buffer(room.signedHead),
    })
    .returning({ id: rooms.id })
    .get();
  db.insert(heads)
    .values({ ...room.head, roomId: id, hash: buffer(room.head.hash) })
    .run();
  db.insert(epochs)
    .values({
      ...room.epoch,
      roomId: id,
      treeHash: buffer(room.epoch.treeHash),
      groupContext: buffer(room.epoch.groupContext),
      confirmationTag: buffer(room.epoch.confirmationTag),
      groupInfo: buffer(room.epoch.groupInfo),
    })
    .run();
  const since = room.epoch.epoch;
  for (const [node, content] of room.nodes) {
    db.insert(nodes)
      .values({ roomId: id, node, since, content: buffer(content) })
      .run();
  }
  for (const member of room.members) {
    db.insert(members)
      .values({ ...member, roomId: id })
      .run();
  }
  return id;
}

function currentRows(
  db: Drizzle,
  roomId: number,
): Pick<StoredRoom, "nodes" | "starts" | "proposals" | "removals" | "held"> {
  const tree = db
    .select({ node: nodes.node, content: nodes.content })
    .from(nodes)
    .where(and(eq(nodes.roomId, roomId), isNull(nodes.until)))
    .orderBy(asc(nodes.node))
    .all();
  const starts = db
    .select({ epoch: epochs.epoch, startedAt: epochs.startedAt, entered: epochs.entered })
    .from(epochs)
    .where(eq(epochs.roomId, roomId))
    .orderBy(asc(epochs.epoch))
    .all();
  const leaving = db
    .select({ leaf: removals.leaf, held: removals.held })
    .from(removals)
    .where(eq(removals.roomId, roomId))
    .orderBy(asc(removals.leaf))
    .all();
  return {
    nodes: new Map(tree.map((row) => [row.node, bytes(row.content)])),
    starts,
    proposals: selectProposals(db, roomId),
    removals: leaving.map((row) => row.leaf),
    held: leaving.filter((row) => row.held).map((row) => row.leaf),
  };
}

export function epochOf(row: typeof epochs.$inferSelect): StoredEpoch {
  return {
    epoch: row.epoch,
    startedAt: row.startedAt,
    entered: row.entered,
    treeSize: row.treeSize,
    treeHash: bytes(row.treeHash),
    groupContext: bytes(row.groupContext),
    confirmationTag: bytes(row.confirmationTag),
    groupInfo: bytes(row.groupInfo),
  };
}
