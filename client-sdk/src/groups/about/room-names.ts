import {
  type Bytes,
  decodeRoomState,
  equalBytes,
  parseRoomUri,
  type RoomUri,
} from "@treehouse/protocol";

import type { LocalTx, RoomRow } from "../../storage/index.ts";
import { type GroupsContext, loadGroup } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { openMetadata } from "./room-about.ts";
import { decodeDetails, encodeDetails } from "./room-details.ts";

/** What stands for the key of a client that came in without a Welcome, and was not told it yet. */
export const noMetadataKey: Bytes = new Uint8Array(32);

/** The keys to the metadata of rooms that this client knows, for the user's other clients. */
export function knownMetadataKeys(
  tx: LocalTx,
): readonly { readonly room: RoomUri; readonly key: Bytes }[] {
  return tx.rooms
    .list()
    .filter((row) => row.status !== "removed" && !isNameless(row))
    .map(({ room, details }) => ({
      room: parseRoomUri(room),
      key: decodeDetails(details).metadataKey,
    }));
}

/** Opens the metadata of rooms to which another client of the user has noted the key since. */
export async function nameRooms(context: GroupsContext, rooms: OpenRooms): Promise<void> {
  const nameless = await context.store.transaction((tx) =>
    tx.rooms.list().filter((row) => row.status === "joined" && isNameless(row)),
  );
  for (const { room: uri } of nameless) {
    const room = await rooms.open(parseRoomUri(uri));
    await room.serial.run(async () => {
      const { metadata } = decodeRoomState((await loadGroup(context, room)).roomState());
      const named = await context.store.transaction((tx) => {
        const row = tx.rooms.get(room.uri);
        const metadataKey = context.metadataKey(tx, room.uri);
        if (row === undefined || metadataKey === undefined) return undefined;
        const about = openMetadata(room.uri, metadataKey, metadata);
        if (about === undefined) return undefined;
        const details = { ...decodeDetails(row.details), ...about, metadataKey };
        tx.rooms.put({ ...row, details: encodeDetails(details) });
        return about.name;
      });
      if (named !== undefined) context.events.emit("named", { room: room.uri, name: named });
    });
  }
}

/** The key to what the room says of itself is not here. */
export function isNameless({ details }: Pick<RoomRow, "details">): boolean {
  return equalBytes(decodeDetails(details).metadataKey, noMetadataKey);
}
