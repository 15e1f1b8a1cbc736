import { and, asc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import { parseClientUri, parseDomain, parseUserUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { departures, keptPlaces, peers, revocations, rooms } from "../schema.ts";
import type { DepartureStore, PeerStore, PlaceStore, RevocationStore } from "./store.ts";

export function createPeerStore(database: Database): PeerStore {
  return {
    addPeer: async (tx, roomId, peer, since) => {
      database
        .sql(tx)
        .insert(peers)
        .values({ roomId, peer, since })
        .onConflictDoUpdate({
          target: [peers.roomId, peers.peer, peers.since],
          set: { until: null },
        })
        .run();
    },
    introduceAgain: async (tx, peer, room) => {
      const db = database.sql(tx);
      const named = db
        .select({ id: rooms.id })
        .from(rooms)
        .where(eq(rooms.room, room ?? ""));
      db.update(peers)
        .set({ introduce: true })
        .where(
          and(
            eq(peers.peer, peer),
            isNull(peers.until),
            ...(room === undefined ? [] : [inArray(peers.roomId, named.orderBy(asc(rooms.id)))]),
          ),
        )
        .run();
    },
    takeIntroductions: async (tx, roomId) => {
      const rows = database
        .sql(tx)
        .update(peers)
        .set({ introduce: false })
        .where(and(eq(peers.roomId, roomId), eq(peers.introduce, true)))
        .returning({ peer: peers.peer })
        .all();
      return rows.map(({ peer }) => parseDomain(peer)).toSorted();
    },
    endPeer: async (tx, roomId, peer, until) => {
      database
        .sql(tx)
        .update(peers)
        .set({ until })
        .where(and(eq(peers.roomId, roomId), eq(peers.peer, peer), isNull(peers.until)))
        .run();
    },
    peerRanges: async (tx, roomId, peer) =>
      database
        .sql(tx)
        .select({ since: peers.since, until: peers.until })
        .from(peers)
        .where(and(eq(peers.roomId, roomId), eq(peers.peer, peer)))
        .orderBy(asc(peers.since))
        .all()
        .map(({ since, until }) => ({ since, until: until ?? undefined })),
  };
}

export function createRevocationStore(database: Database): RevocationStore {
  return {
    addRevocation: async (tx, revocation) => {
      database.sql(tx).insert(revocations).values(revocation).onConflictDoNothing().run();
    },
    revocations: async (tx, after, limit) =>
      database
        .sql(tx)
        .select()
        .from(revocations)
        .where(
          after &&
            or(
              gt(revocations.revokedAt, after.revokedAt),
              and(eq(revocations.revokedAt, after.revokedAt), gt(revocations.client, after.client)),
            ),
        )
        .orderBy(asc(revocations.revokedAt), asc(revocations.client))
        .limit(limit)
        .all()
        .map(({ client, revokedAt }) => ({ client: parseClientUri(client), revokedAt })),
    deleteRevocation: async (tx, client) => {
      database.sql(tx).delete(revocations).where(eq(revocations.client, client)).run();
    },
  };
}

export function createPlaceStore(database: Database): PlaceStore {
  return {
    keepPlace: async (tx, place) => {
      const { keptUntil } = place;
      database
        .sql(tx)
        .insert(keptPlaces)
        .values(place)
        .onConflictDoUpdate({
          target: [keptPlaces.user, keptPlaces.room],
          set: { keptUntil: sql`max(${keptPlaces.keptUntil}, ${keptUntil})` },
        })
        .run();
    },
    isPlaceKept: async (tx, { user, room }, at) =>
      database
        .sql(tx)
        .select({ keptUntil: keptPlaces.keptUntil })
        .from(keptPlaces)
        .where(
          and(eq(keptPlaces.user, user), eq(keptPlaces.room, room), gt(keptPlaces.keptUntil, at)),
        )
        .orderBy(asc(keptPlaces.room))
        .get() !== undefined,
    forgetPlaces: async (tx, user) => {
      database.sql(tx).delete(keptPlaces).where(eq(keptPlaces.user, user)).run();
    },
    deleteExpiredPlaces: async (tx, at, limit) => {
      const db = database.sql(tx);
      const over = db
        .select({ user: keptPlaces.user, room: keptPlaces.room })
        .from(keptPlaces)
        .where(lte(keptPlaces.keptUntil, at))
        .orderBy(asc(keptPlaces.keptUntil), asc(keptPlaces.user), asc(keptPlaces.room))
        .limit(limit)
        .all();
      for (const { user, room } of over) {
        db.delete(keptPlaces)
          .where(and(eq(keptPlaces.user, user), eq(keptPlaces.room, room)))
          .run();
      }
      return over.length;
    },
  };
}

export function createDepartureStore(database: Database): DepartureStore {
  return {
    addDeparture: async (tx, user, deletedAt) => {
      database.sql(tx).insert(departures).values({ user, deletedAt }).onConflictDoNothing().run();
    },
    departures: async (tx, limit) =>
      database
        .sql(tx)
        .select({ user: departures.user })
        .from(departures)
        .orderBy(asc(departures.deletedAt), asc(departures.user))
        .limit(limit)
        .all()
        .map(({ user }) => parseUserUri(user)),
    deleteDeparture: async (tx, user) => {
      database.sql(tx).delete(departures).where(eq(departures.user, user)).run();
    },
  };
}
