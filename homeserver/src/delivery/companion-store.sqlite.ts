import { parseUserUri } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { RoomStore } from "./store.ts";

/** Who shares rooms with whom, over those hosted here and those followed. */
export function createCompanionStore(database: Database): Pick<RoomStore, "companionsOf"> {
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
  return {
    companionsOf: async (tx, user) =>
      companions(tx)
        .all(user, user, user, user)
        .map((row) => parseUserUri(row.user)),
  };
}
