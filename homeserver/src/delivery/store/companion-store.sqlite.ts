import { parseUserUri } from "@treehouse/protocol";
import { usersMeant } from "../../platform/index.ts";
import type { Database } from "../../platform/index.ts";
import type { RoomStore } from "./store.ts";

/** Who shares rooms with whom, over those hosted here and those followed. */
export function createCompanionStore(database: Database): Pick<RoomStore, "companionsOf" | "isIn"> {
  const companions = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string, string], { user: string }>(
      `SELECT DISTINCT user FROM (
         SELECT other.user FROM delivery_members AS own
           JOIN delivery_members AS other ON other.room_id = own.room_id
           WHERE own.user = ? AND other.user <> ?
         UNION ALL
         SELECT other.user FROM delivery_followed_members AS own
           JOIN delivery_followed_members AS other ON other.room_id = own.room_id
           WHERE own.user = ? AND other.user <> ?)
       ORDER BY user`,
    ),
  );
  const isIn = database.prepare(({ $client }) =>
    $client.prepare<[string, string, string, string, string, string], { found: number }>(
      `SELECT
         EXISTS (SELECT 1 FROM delivery_rooms room
                 JOIN delivery_members member ON member.room_id = room.id
                 WHERE room.room = ? AND member.user >= ? AND member.user < ?)
         OR EXISTS (SELECT 1 FROM delivery_followed room
                 JOIN delivery_followed_members member ON member.room_id = room.id
                 WHERE room.room = ? AND member.user >= ? AND member.user < ?) AS found`,
    ),
  );
  return {
    isIn: async (tx, room, who) => {
      const [from, to] = usersMeant(who);
      return isIn(tx).get(room, from, to, room, from, to)?.found === 1;
    },
    companionsOf: async (tx, user) =>
      companions(tx)
        .all(user, user, user, user)
        .map((row) => parseUserUri(row.user)),
  };
}
