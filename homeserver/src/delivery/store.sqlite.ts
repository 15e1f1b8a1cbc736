import { and, asc, count, eq, gt, inArray, lte, sql } from "drizzle-orm";
import { parseRoomUri, parseUserUri } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { buffer, bytes } from "./blob.ts";
import { createGroupStore } from "./group-store.sqlite.ts";
import { createRoomStore } from "./room-store.sqlite.ts";
import { heads, requests, reservations } from "./schema.ts";
import type { DeliveryStore, HeadStore, RequestStore, ReservationStore } from "./store.ts";
import { createTreeStore } from "./tree-store.sqlite.ts";

export function createSqliteStore(database: Database): DeliveryStore {
  return {
    ...reservationMethods(database),
    ...createRoomStore(database),
    ...headMethods(database),
    ...createGroupStore(database),
    ...createTreeStore(database),
    ...requestMethods(database),
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

function headMethods(database: Database): HeadStore {
  const select = database.prepare((db) =>
    db
      .select()
      .from(heads)
      .where(eq(heads.roomId, sql.placeholder("roomId")))
      .orderBy(asc(heads.roomId))
      .prepare(),
  );
  const move = database.prepare((db) =>
    db
      .update(heads)
      .set({ position: sql`${sql.placeholder("position")}`, hash: sql`${sql.placeholder("hash")}` })
      .where(eq(heads.roomId, sql.placeholder("roomId")))
      .prepare(),
  );
  return {
    head: async (tx, roomId) => {
      const row = select(tx).get({ roomId });
      if (row === undefined) return undefined;
      return {
        epoch: row.epoch,
        revision: row.revision,
        position: row.position,
        hash: bytes(row.hash),
      };
    },
    moveHead: async (tx, roomId, to) => {
      move(tx).run({ roomId, position: to.position, hash: buffer(to.hash) });
    },
  };
}

function requestMethods(database: Database): RequestStore {
  const select = database.prepare((db) =>
    db
      .select({ answer: requests.answer })
      .from(requests)
      .where(eq(requests.key, sql.placeholder("key")))
      .orderBy(asc(requests.id))
      .prepare(),
  );
  const insert = database.prepare((db) =>
    db
      .insert(requests)
      .values({
        key: sql.placeholder("key"),
        answer: sql.placeholder("answer"),
        expiresAt: sql.placeholder("expiresAt"),
      })
      .onConflictDoNothing()
      .prepare(),
  );
  return {
    answer: async (tx, key) => {
      const row = select(tx).get({ key: buffer(key) });
      return row === undefined ? undefined : bytes(row.answer);
    },
    keepAnswer: async (tx, key, answer, expiresAt) =>
      insert(tx).run({ key: buffer(key), answer: buffer(answer), expiresAt }).changes === 1,
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
