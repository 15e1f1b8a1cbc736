import {
  type HistoryGrant,
  historyGrantCodec,
  HISTORY_LIMITS,
  type HistorySegment,
  historySegmentCodec,
  parseAssetLink,
  parseUserUri,
  Refusal,
  type RoomUri,
  struct,
  userOfClient,
  userUriCodec,
} from "@treehouse/protocol";

import { type JoinedAt, joinedAt } from "../../groups/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { HistoryContext } from "../context.ts";
import { faultOf } from "../backup/index.ts";
import { fetchWhole } from "../fetch-whole.ts";
import { openPiece, sealedOverhead } from "../piece.ts";
import { nothingTaken, sumOf, takeSegment } from "../take-segment.ts";
import type { GrantPorts } from "./ports.ts";

/** A grant for this client that is not taken in yet, by room. */
const pending = "history grant ";
const keptCodec = struct({ by: userUriCodec, grant: historyGrantCodec });
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Keeps a grant that is for this client: of the commit by which it came, and the first one. Answers
 * whether it is. Nobody else's is looked at.
 */
export function keepGrant(
  tx: LocalTx,
  { self }: HistoryContext,
  said: { readonly room: RoomUri; readonly user: string; readonly grant: HistoryGrant },
): boolean {
  const { grant, room } = said;
  const joined = joinedAt(tx, room);
  if (!grant.to.includes(self) || joined?.position !== grant.position || said.user === self) {
    return false;
  }
  if (tx.settings.get(`${pending}${room}`) !== undefined) return false;
  tx.settings.put(`${pending}${room}`, keptCodec.encode({ by: parseUserUri(said.user), grant }));
  return true;
}

export function pendingGrants({ store }: HistoryContext): Promise<readonly string[]> {
  return store.transaction((tx) =>
    tx.settings.namesAfter(pending).filter((room) => {
      const octets = tx.settings.get(`${pending}${room}`);
      return octets !== undefined && octets.length > 0;
    }),
  );
}

/**
 * Takes in what a member has granted, as that member's word: messages, edits and reactions of this room,
 * from before this client came, no older than the room grants. Everything else in it is left out, and all
 * of it if the room grants nothing, or not by this member.
 */
export async function takeGrant(
  context: HistoryContext,
  ports: GrantPorts,
  room: RoomUri,
): Promise<void> {
  const { events, store } = context;
  const { kept, joined } = await store.transaction((tx) => ({
    kept: tx.settings.get(`${pending}${room}`),
    joined: joinedAt(tx, room),
  }));
  if (kept === undefined || kept.length === 0 || joined === undefined) return;
  const { by, grant } = keptCodec.decode(kept);
  const { days, clients } = await ports.granting(room);
  const isGranted = days > 0 && clients.some((client) => userOfClient(client) === by);
  let counts = nothingTaken;
  if (isGranted) {
    const since = Math.max(grant.since, joined.acceptedAt - days * dayMs);
    // The newest piece is the first, and a change counts for what was told before it.
    for (const number of [...grant.pieces.keys()].toReversed()) {
      ports.life.throwIfAborted();
      const segment = await openGranted(ports, room, grant, number);
      if (segment === undefined) continue;
      const within = bounded(segment, room, { ...joined, since });
      counts = sumOf(counts, await takeSegment(context, within, by));
    }
  }
  // What stays behind says that there was one: nobody gets a second word.
  await store.transaction((tx) => tx.settings.put(`${pending}${room}`, new Uint8Array()));
  if (!isGranted) return;
  const total = grant.pieces.length;
  events.emit("history", { from: "member", state: "complete", done: total, total });
}

/** Undefined for a piece that is not what it says. */
async function openGranted(
  ports: GrantPorts,
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

function fetchPiece(ports: GrantPorts, room: RoomUri, text: string) {
  const link = parseAssetLink(text);
  if (link.access.kind !== "room" || link.access.room !== room) {
    throw new Refusal("invalidMessage", "a piece of history is not the room's");
  }
  return fetchWhole(ports, link, HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead);
}

function bounded(
  { rooms, rows }: HistorySegment,
  room: RoomUri,
  bounds: JoinedAt & { readonly since: number },
): HistorySegment {
  const { since, position, acceptedAt } = bounds;
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
