import type { HistoryRoom, RoomUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { decodeDetails } from "./room-details.ts";

/** What the store knows of a room: as a member, or by an archive that told of it. */
export function roomKnown(tx: LocalTx, room: RoomUri): HistoryRoom | undefined {
  const row = tx.rooms.get(room);
  if (row === undefined) return tx.history.toldRoom(room);
  return { room, template: row.template, name: decodeDetails(row.details).name };
}
