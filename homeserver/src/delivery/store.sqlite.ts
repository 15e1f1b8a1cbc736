import { and, asc, count, eq, gt, inArray, lte, sql } from "drizzle-orm";
import { parseRoomUri, parseUserUri } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { buffer, bytes } from "./blob.ts";
import { createFollowedStore } from "./followed/index.ts";
import { createClaimStore } from "./generations/store.sqlite.ts";
import { createClosingStore } from "./moves/closing-store.sqlite.ts";
import { createMoveStore } from "./moves/store.sqlite.ts";
import { createHealthStore } from "./health/index.ts";
import { createLinkUseStore } from "./joining/index.ts";
import { createRestoredStore } from "./restored/store.sqlite.ts";
import { requests, reservations } from "./schema.ts";
import {
  createCompanionStore,
  createDepartureStore,
  createGroupStore,
  createPeerStore,
  createPlaceStore,
  createRevocationStore,
  createRoomStore,
  createTreeStore,
  type DeliveryStore,
  type HeadStore,
  type RequestStore,
  type ReservationStore,
  type StoredHead,
} from "./store/index.ts";

export function createSqliteStore(database: Database): DeliveryStore {
  const health = createHealthStore(database);
  return {
    ...reservationMethods(database),
    ...health,
    ...createRoomStore(database, health),
    ...createCompanionStore(database),
    ...headMethods(database),
    ...createGroupStore(database),
    ...createTreeStore(database),
    ...requestMethods(database),
    ...createPeerStore(database),
    ...createDepartureStore(database),
    ...createRevocationStore(database),
    ...createPlaceStore(database),
    ...createRestoredStore(database),
    ...createLinkUseStore(database),
    ...createFollowedStore(database),
    ...createClaimStore(database),
    ...createMoveStore(database),
    ...createClosingStore(database),
  };
}

function reservationMethods(database: Database): ReservationStore {
  return {
    insertReservation: async (tx, reservation) => {
      database
        .sql(tx)
        .insert(reservations)
        .values({
          ...reservation,
          hubPrivateKey: buffer(reservation.hubPrivateKey),
          hubPublicKey: buffer(reservation.hubPublicKey),
        })
        .run();
    },
    reservation: async (tx, room) => {
      const row = database
        .sql(tx)
        .select()
        .from(reservations)
        .where(eq(reservations.room, room))
        .orderBy(asc(reservations.room))
        .get();
      if (row === undefined) return undefined;
      return {
        ...row,
        room: parseRoomUri(row.room),
        user: parseUserUri(row.user),
        hubPrivateKey: bytes(row.hubPrivateKey),
        hubPublicKey: bytes(row.hubPublicKey),
      };
    },
    countReservations: async (tx, user, at) =>
      database
        .sql(tx)
        .select({ rows: count() })
        .from(reservations)
        .where(and(eq(reservations.user, user), gt(reservations.expiresAt, at)))
        .orderBy(asc(sql`1`))
        .get()?.rows ?? 0,
    deleteReservation: async (tx, room) => {
      database.sql(tx).delete(reservations).where(eq(reservations.room, room)).run();
    },
    deleteExpiredReservations: async (tx, at, limit) => {
      const db = database.sql(tx);
      const ended = db
        .select({ room: reservations.room })
        .from(reservations)
        .where(lte(reservations.expiresAt, at))
        .orderBy(asc(reservations.expiresAt), asc(reservations.room))
        .limit(limit);
      return db.delete(reservations).where(inArray(reservations.room, ended)).run().changes;
    },
  };
}

/**
 * What every message passes is in SQL of our own: the query builder's prepared statements cost half
 * as much again (`npm run bench -- chat`).
 */
function headMethods(database: Database): HeadStore {
  const statements = database.prepare(({ $client: db }) => ({
    select: db.prepare<[number], StoredHead & { readonly hash: Buffer }>(
      `SELECT epoch, revision, position, hash FROM delivery_heads
       WHERE room_id = ? ORDER BY room_id`,
    ),
    move: db.prepare<[number, Uint8Array, number]>(
      "UPDATE delivery_heads SET position = ?, hash = ? WHERE room_id = ?",
    ),
  }));
  return {
    head: async (tx, roomId) => {
      const row = statements(tx).select.get(roomId);
      return row && { ...row, hash: bytes(row.hash) };
    },
    moveHead: async (tx, roomId, { position, hash }) => {
      statements(tx).move.run(position, hash, roomId);
    },
  };
}

function requestMethods(database: Database): RequestStore {
  const statements = database.prepare(({ $client: db }) => ({
    select: db.prepare<[Uint8Array], { readonly answer: Buffer }>(
      "SELECT answer FROM delivery_requests WHERE key = ? ORDER BY id",
    ),
    insert: db.prepare<[Uint8Array, Uint8Array, number]>(
      `INSERT INTO delivery_requests (key, answer, expires_at) VALUES (?, ?, ?)
       ON CONFLICT (key) DO NOTHING`,
    ),
  }));
  return {
    answer: async (tx, key) => {
      const row = statements(tx).select.get(key);
      return row && bytes(row.answer);
    },
    keepAnswer: async (tx, key, answer, expiresAt) =>
      statements(tx).insert.run(key, answer, expiresAt).changes === 1,
    deleteExpiredAnswers: async (tx, at, limit) => {
      const db = database.sql(tx);
      const oldest = db
        .select({ id: requests.id, expiresAt: requests.expiresAt })
        .from(requests)
        .orderBy(asc(requests.id))
        .limit(limit)
        .all();
      const kept = oldest.findIndex((row) => row.expiresAt > at);
      const last = oldest[kept === -1 ? oldest.length - 1 : kept - 1];
      if (last === undefined) return 0;
      return db.delete(requests).where(lte(requests.id, last.id)).run().changes;
    },
  };
}
