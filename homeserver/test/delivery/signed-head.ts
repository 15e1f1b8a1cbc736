import { signHead } from "@treehouse/protocol";
import type { RoomUri, SignedHead } from "@treehouse/protocol";
import type { Rig } from "./rig.ts";

/** The head of a room as its hub may sign it, right or wrong. */
export async function signedHeadOf(
  { database, delivery, crypto }: Rig,
  room: RoomUri,
  changes: Partial<SignedHead["head"]>,
): Promise<SignedHead> {
  const head = await delivery.hosted.signedHead(room);
  if (head === undefined) throw new Error();
  const key = await database.read(async (tx) => {
    const { $client } = database.sql(tx);
    const statement = $client.prepare<[string], { key: Buffer }>(
      "SELECT hub_private_key AS key FROM delivery_rooms WHERE room = ? ORDER BY id",
    );
    return statement.get(room)?.key;
  });
  if (key === undefined) throw new Error();
  return signHead({ ...head.head, ...changes }, (message) => crypto.sign(key, message));
}
