import { asc, eq, sql } from "drizzle-orm";
import { parseRoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { buffer } from "../blob.ts";
import { heads, restored, rooms } from "../schema.ts";
import type { RestoredStore } from "../store/index.ts";

export function createRestoredStore(database: Database): RestoredStore {
  return {
    markRestored: async (tx, { termMin, positionMin }) => {
      const db = database.sql(tx);
      const bounds = {
        roomId: rooms.id,
        termMin: sql<number>`${termMin}`.as("term_min"),
        positionMin: sql<number>`${positionMin}`.as("position_min"),
      };
      const all = db
        .select(bounds)
        .from(rooms)
        .where(sql`true`)
        .orderBy(asc(rooms.id));
      db.insert(restored)
        .select(all)
        .onConflictDoUpdate({ target: restored.roomId, set: { termMin, positionMin } })
        .run();
    },
    termBounds: async (tx, roomId) =>
      database
        .sql(tx)
        .select({ termMin: restored.termMin, positionMin: restored.positionMin })
        .from(restored)
        .where(eq(restored.roomId, roomId))
        .orderBy(asc(restored.roomId))
        .get(),
    restoredRooms: async (tx) =>
      database
        .sql(tx)
        .select({ room: rooms.room })
        .from(restored)
        .innerJoin(rooms, eq(rooms.id, restored.roomId))
        .orderBy(asc(rooms.room))
        .all()
        .map(({ room }) => parseRoomUri(room)),
    startTerm: async (tx, roomId, { term, termSince, head, signedHead }) => {
      const db = database.sql(tx);
      db.update(rooms)
        .set({ term, termSince, signedHead: buffer(signedHead) })
        .where(eq(rooms.id, roomId))
        .run();
      db.update(heads)
        .set({ ...head, hash: buffer(head.hash) })
        .where(eq(heads.roomId, roomId))
        .run();
      db.delete(restored).where(eq(restored.roomId, roomId)).run();
    },
  };
}
