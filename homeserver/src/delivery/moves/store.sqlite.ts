import { asc, eq, inArray, isNotNull, lte } from "drizzle-orm";
import { parseDomain, parseRoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { buffer, bytes } from "../blob.ts";
import { tablesOfRoom } from "../store/index.ts";
import {
  followed,
  followedHeads,
  followedMembers,
  hubOffers,
  movedRooms,
  peers,
  rooms,
} from "../schema.ts";
import type { MoveStore } from "./store.ts";

export function createMoveStore(database: Database): MoveStore {
  return { ...offerMethods(database), ...movedMethods(database), ...followedMethods(database) };
}

type OfferMethods = Pick<
  MoveStore,
  | "hubOffer"
  | "putHubOffer"
  | "extendHubOffer"
  | "prepareTakeOver"
  | "preparedRooms"
  | "deleteHubOffer"
  | "forgetHubOffers"
  | "deleteExpiredOffers"
>;

function offerMethods(database: Database): OfferMethods {
  return {
    hubOffer: async (tx, name) => {
      const row = database
        .sql(tx)
        .select()
        .from(hubOffers)
        .where(eq(hubOffers.room, name))
        .orderBy(asc(hubOffers.room))
        .get();
      return (
        row && {
          ...row,
          room: parseRoomUri(row.room),
          hubPrivateKey: bytes(row.hubPrivateKey),
          hubPublicKey: bytes(row.hubPublicKey),
          prepared: row.prepared === null ? undefined : bytes(row.prepared),
        }
      );
    },
    putHubOffer: async (tx, { room, term, notAfter, hubPrivateKey, hubPublicKey }) => {
      const named = {
        term,
        notAfter,
        hubPrivateKey: buffer(hubPrivateKey),
        hubPublicKey: buffer(hubPublicKey),
        prepared: null,
      };
      database
        .sql(tx)
        .insert(hubOffers)
        .values({ room, ...named })
        .onConflictDoUpdate({ target: hubOffers.room, set: named })
        .run();
    },
    extendHubOffer: async (tx, room, notAfter) => {
      database.sql(tx).update(hubOffers).set({ notAfter }).where(eq(hubOffers.room, room)).run();
    },
    prepareTakeOver: async (tx, room, prepared) => {
      const set = { prepared: buffer(prepared) };
      database.sql(tx).update(hubOffers).set(set).where(eq(hubOffers.room, room)).run();
    },
    preparedRooms: async (tx) =>
      database
        .sql(tx)
        .select({ room: hubOffers.room })
        .from(hubOffers)
        .where(isNotNull(hubOffers.prepared))
        .orderBy(asc(hubOffers.room))
        .all()
        .map(({ room }) => parseRoomUri(room)),
    deleteHubOffer: async (tx, room) => {
      database.sql(tx).delete(hubOffers).where(eq(hubOffers.room, room)).run();
    },
    forgetHubOffers: async (tx) => {
      database.sql(tx).delete(hubOffers).run();
    },
    deleteExpiredOffers: async (tx, at, limit) => {
      const db = database.sql(tx);
      const ended = db
        .select({ room: hubOffers.room })
        .from(hubOffers)
        .where(lte(hubOffers.notAfter, at))
        .orderBy(asc(hubOffers.notAfter), asc(hubOffers.room))
        .limit(limit);
      return db.delete(hubOffers).where(inArray(hubOffers.room, ended)).run().changes;
    },
  };
}

type MovedMethods = Pick<
  MoveStore,
  | "moveAway"
  | "movedRoom"
  | "forgetMoved"
  | "deleteOldRanges"
  | "allPeerRanges"
  | "addPeerRange"
  | "hosts"
>;

function movedMethods(database: Database): MovedMethods {
  return {
    moveAway: async (tx, moved) => {
      const db = database.sql(tx);
      for (const table of tablesOfRoom) {
        if (table !== peers) db.delete(table).where(eq(table.roomId, moved.roomId)).run();
      }
      db.delete(rooms).where(eq(rooms.id, moved.roomId)).run();
      db.insert(movedRooms)
        .values({ ...moved, signedHead: buffer(moved.signedHead) })
        .run();
    },
    movedRoom: async (tx, name) => {
      const row = database
        .sql(tx)
        .select()
        .from(movedRooms)
        .where(eq(movedRooms.room, name))
        .orderBy(asc(movedRooms.room))
        .get();
      if (row === undefined) return undefined;
      const [room, hub] = [parseRoomUri(row.room), parseDomain(row.hub)];
      return { ...row, room, hub, signedHead: bytes(row.signedHead) };
    },
    forgetMoved: async (tx, room) => {
      const db = database.sql(tx);
      const known = db
        .select({ roomId: movedRooms.roomId })
        .from(movedRooms)
        .where(eq(movedRooms.room, room))
        .orderBy(asc(movedRooms.room));
      db.delete(peers).where(inArray(peers.roomId, known)).run();
      db.delete(movedRooms).where(eq(movedRooms.room, room)).run();
    },
    deleteOldRanges: async (tx, at) => {
      const db = database.sql(tx);
      const old = db
        .select({ roomId: movedRooms.roomId })
        .from(movedRooms)
        .where(lte(movedRooms.movedAt, at))
        .orderBy(asc(movedRooms.movedAt), asc(movedRooms.room));
      return db.delete(peers).where(inArray(peers.roomId, old)).run().changes;
    },
    allPeerRanges: async (tx, roomId) =>
      database
        .sql(tx)
        .select({ peer: peers.peer, since: peers.since, until: peers.until })
        .from(peers)
        .where(eq(peers.roomId, roomId))
        .orderBy(asc(peers.peer), asc(peers.since))
        .all()
        .map(({ peer, since, until }) => ({
          peer: parseDomain(peer),
          since,
          until: until ?? undefined,
        })),
    addPeerRange: async (tx, roomId, { peer, since, until }) => {
      database
        .sql(tx)
        .insert(peers)
        .values({ roomId, peer, since, until: until ?? null })
        .onConflictDoNothing()
        .run();
    },
    hosts: async (tx, room) =>
      database
        .sql(tx)
        .select({ id: rooms.id })
        .from(rooms)
        .where(eq(rooms.room, room))
        .orderBy(asc(rooms.id))
        .get() !== undefined,
  };
}

function followedMethods(
  database: Database,
): Pick<MoveStore, "changeFollowedHub" | "deleteFollowed"> {
  return {
    changeFollowedHub: async (tx, roomId, { hub, hubKey }) => {
      database
        .sql(tx)
        .update(followed)
        .set({ hub, hubKey: buffer(hubKey), signedHead: null })
        .where(eq(followed.id, roomId))
        .run();
    },
    deleteFollowed: async (tx, roomId) => {
      const db = database.sql(tx);
      db.delete(followedHeads).where(eq(followedHeads.roomId, roomId)).run();
      db.delete(followedMembers).where(eq(followedMembers.roomId, roomId)).run();
      db.delete(followed).where(eq(followed.id, roomId)).run();
    },
  };
}
