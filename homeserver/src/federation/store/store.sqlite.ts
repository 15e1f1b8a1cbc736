import { and, asc, desc, eq, inArray, lte } from "drizzle-orm";
import { parseRoomUri } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import { createSqliteInboundStore } from "./inbound-store.sqlite.ts";
import { createSqliteOutboxStore, formOfNumber, numberOfForm } from "./outbox-store.sqlite.ts";
import { dead, rooms } from "../schema.ts";
import type { DeadStore, FederationStore, OutboxStore } from "./store.ts";

export function createSqliteStore(database: Database): FederationStore {
  const outbox = createSqliteOutboxStore(database);
  return { ...outbox, ...deadMethods(database, outbox), ...createSqliteInboundStore(database) };
}

function deadMethods(
  database: Database,
  { roomNumber }: Pick<OutboxStore, "roomNumber">,
): DeadStore {
  return {
    bury: async (tx, { peer, form, room, body, ...item }, keptMax) => {
      const db = database.sql(tx);
      const number = room === undefined ? 0 : await roomNumber(tx, room);
      const values = { ...item, peer, form: numberOfForm(form), room: number };
      const added = db
        .insert(dead)
        .values({ ...values, body: body === undefined ? null : Buffer.from(body) })
        .onConflictDoNothing()
        .run().changes;
      const over = db
        .select({ sequence: dead.sequence })
        .from(dead)
        .where(eq(dead.peer, peer))
        .orderBy(desc(dead.sequence))
        .limit(1)
        .offset(keptMax)
        .get();
      if (over !== undefined) {
        db.delete(dead)
          .where(and(eq(dead.peer, peer), lte(dead.sequence, over.sequence)))
          .run();
      }
      return added === 1;
    },
    deadItems: async (tx, peer, limit) =>
      database
        .sql(tx)
        .select({ item: dead, room: rooms.room })
        .from(dead)
        .leftJoin(rooms, eq(rooms.id, dead.room))
        .where(eq(dead.peer, peer))
        .orderBy(desc(dead.sequence))
        .limit(limit)
        .all()
        .map(({ item, room }) => ({
          peer,
          sequence: item.sequence,
          form: formOfNumber(item.form),
          room: room === null ? undefined : parseRoomUri(room),
          position: item.position,
          code: item.code,
          at: item.at,
          body: item.body === null ? undefined : new Uint8Array(item.body),
        })),
    deleteDead: async (tx, diedBy, limit) => {
      const db = database.sql(tx);
      const old = db
        .select({ id: dead.id })
        .from(dead)
        .where(lte(dead.at, diedBy))
        .orderBy(asc(dead.id))
        .limit(limit);
      return db.delete(dead).where(inArray(dead.id, old)).run().changes;
    },
  };
}
