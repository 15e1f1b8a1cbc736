import type { HistorySegment, RoomUri } from "@treehouse/protocol";

import type { JoinedAt } from "../../groups/index.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** When a room's grant of so many days begins, for those who came then. */
export function grantedSince({ acceptedAt }: Pick<JoinedAt, "acceptedAt">, days: number): number {
  return Math.max(0, acceptedAt - days * dayMs);
}

/** FED-1072: what those who came by a commit take of a segment, whatever else is in it. */
export function withinGrant(
  { rooms, rows }: HistorySegment,
  bounds: JoinedAt & { readonly room: RoomUri; readonly days: number; readonly since: number },
): HistorySegment {
  const { room, position, acceptedAt } = bounds;
  const since = Math.max(bounds.since, grantedSince(bounds, bounds.days));
  return {
    rooms,
    rows: rows.filter(
      (row) =>
        rooms[row.room]?.room === room &&
        row.position < position &&
        row.acceptedAt >= since &&
        row.acceptedAt <= acceptedAt,
    ),
  };
}
