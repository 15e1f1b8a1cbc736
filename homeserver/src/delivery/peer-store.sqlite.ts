import { and, asc, eq, inArray, isNull } from "drizzle-orm";
import { parseDomain, parseUserUri } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { departures, peers, rooms } from "./schema.ts";
import type { DepartureStore, PeerStore } from "./store.ts";

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
