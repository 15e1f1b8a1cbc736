import {
  type HistoryGrant,
  HISTORY_LIMITS,
  type HistorySegment,
  historySegmentCodec,
  parseAssetLink,
  Refusal,
  type RoomUri,
} from "@treehouse/protocol";

import { faultOf } from "../backup/index.ts";
import { fetchWhole } from "../fetch-whole.ts";
import { openPiece, sealedOverhead } from "../piece.ts";
import type { GrantPorts } from "./ports.ts";

/** A piece of what is granted. Undefined for one that is not what it says. */
export async function openGranted(
  ports: Pick<GrantPorts, "assets" | "life">,
  room: RoomUri,
  grant: HistoryGrant,
  number: number,
): Promise<HistorySegment | undefined> {
  const piece = grant.pieces[number];
  if (piece === undefined) return undefined;
  try {
    const place = { kind: "grant", owner: room, id: grant.id, number } as const;
    const sealed =
      piece.kind === "inline" ? piece.sealed : await fetchPiece(ports, room, piece.link);
    return historySegmentCodec.decode(openPiece(grant.key, place, sealed));
  } catch (error) {
    if (faultOf(error) !== undefined) return undefined;
    throw error;
  }
}

function fetchPiece(ports: Pick<GrantPorts, "assets" | "life">, room: RoomUri, text: string) {
  const link = parseAssetLink(text);
  if (link.access.kind !== "room" || link.access.room !== room) {
    throw new Refusal("invalidMessage", "a piece of history is not the room's");
  }
  return fetchWhole(ports, link, HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead);
}
