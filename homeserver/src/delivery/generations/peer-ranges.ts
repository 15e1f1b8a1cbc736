import {
  decodeEntry,
  type Domain,
  domainOf,
  type LeafChange,
  type RoomUri,
  type Roster,
} from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { RoomLog } from "../ports.ts";
import { rosterBefore } from "../room/index.ts";

/**
 * Since which entry each server may read a room, as the log tells that is here: the commit that brought its
 * first client, or the beginning where that is older than all that is kept.
 */
export async function readersSince(
  roomLog: Pick<RoomLog, "readLog">,
  tx: ReadTx,
  room: RoomUri,
  roster: Roster,
): Promise<ReadonlyMap<Domain, number>> {
  const commits = await commitsOf(roomLog, tx, room);
  const since = new Map<Domain, number>();
  const there = new Set(roster.map(({ client }) => domainOf(client)));
  let after: Roster | undefined = roster;
  for (const { position, leafChanges } of commits.toReversed()) {
    after = rosterBefore(after, leafChanges);
    if (after === undefined) break;
    const before = new Set(after.map(({ client }) => domainOf(client)));
    for (const server of there) {
      if (before.has(server)) continue;
      since.set(server, position);
      there.delete(server);
    }
  }
  for (const server of there) since.set(server, 1);
  return since;
}

async function commitsOf(roomLog: Pick<RoomLog, "readLog">, tx: ReadTx, room: RoomUri) {
  const commits: { readonly position: number; readonly leafChanges: readonly LeafChange[] }[] = [];
  for (let after = 0; ;) {
    const { entries } = await roomLog.readLog(tx, room, { after, handshakesOnly: true });
    for (const { bytes, position } of entries) {
      after = position;
      const entry = decodeEntry(bytes, "sliced");
      if (entry.kind === "commit" || entry.kind === "void") commits.push(entry);
    }
    if (entries.length === 0) return commits;
  }
}
