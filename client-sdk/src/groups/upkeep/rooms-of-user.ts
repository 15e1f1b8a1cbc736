import { paths, roomsAnswerSchema, type RoomUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { isComingBack } from "../rejoining/index.ts";
import type { GroupsContext } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { pump } from "../pump/index.ts";

const pending = "enter rooms of user";

/** This client is a new one of its user: it comes into all rooms in which that user is. */
export function noteNewClient(tx: LocalTx): void {
  tx.settings.put(pending, new Uint8Array(1));
}

/** Whether this client is a new one that is not yet in all rooms of its user. */
export function isEntering({ store }: GroupsContext): Promise<boolean> {
  return store.transaction((tx) => tx.settings.get(pending) !== undefined);
}

/**
 * Comes into the rooms of the user that this store does not know, each by a commit of this client's
 * own. A new client looks at each connection until the server names none that is unknown, so that
 * neither a crash nor a hub that is away leaves a room out; one of several always does, for another
 * may have founded or entered a room while this one had no KeyPackage.
 */
export async function enterRoomsOfUser(context: GroupsContext, rooms: OpenRooms): Promise<void> {
  const missing = await missingRooms(context);
  for (const uri of missing) {
    const room = await rooms.open(uri);
    // It may have come in while the server was asked: once is enough.
    if (room.group !== undefined) continue;
    room.lost = true;
    pump(context, room);
  }
  if (missing.length > 0) return;
  await context.store.transaction((tx) => tx.settings.delete(pending));
}

/** The rooms of the user that this store does not know, as far as there may be any. */
export async function missingRooms(context: GroupsContext): Promise<readonly RoomUri[]> {
  const { known, due } = await context.store.transaction((tx) => ({
    known: new Set<string>(
      tx.rooms
        .list()
        .filter(({ room }) => !isComingBack(tx, room))
        .map(({ room }) => room),
    ),
    due: tx.settings.get(pending) !== undefined,
  }));
  if (!due && context.people.self.clients().size < 2) return [];
  const answer = await context.api.json("GET", paths.rooms(), roomsAnswerSchema);
  return answer.rooms.map(({ room }) => room).filter((room) => !known.has(room));
}
