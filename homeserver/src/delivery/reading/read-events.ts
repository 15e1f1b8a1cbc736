import {
  type Bytes,
  decodeEntry,
  type Domain,
  domainOf,
  type EventsResponse,
  type LeafChange,
  LIMITS,
  readMoved,
  Refusal,
  type RoomUri,
  type Roster,
  type SignedHead,
  signedHeadCodec,
  type StandingResponse,
} from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { FollowedContext, FollowedRoom } from "../followed/index.ts";
import { readersSince } from "../generations/peer-ranges.ts";
import { type HostedRoom, rosterBefore, signedHeadOf } from "../room/index.ts";
import { readMovedEvents } from "../moves/index.ts";
import type { PeerRange } from "../store/index.ts";

export type EventsRange = {
  readonly after: number;
  readonly limit: number;
  /** The asker wants to know who is in the room after the first commit of the answer. */
  readonly introduce?: boolean;
};

type EventsContext = Pick<DeliveryContext, "rooms"> & FollowedContext;

/**
 * Answers another server what it missed of a room: a follower, of a room hosted here, the entries
 * from the commit that brought its first client (FED-951); a hub, after it was restored, of a room
 * that this server follows, whatever is here; and whoever follows the same room what both may read, for its
 * hub may be gone (FED-1137).
 *
 * Refusals: unknownRoom, notMember, unavailable.
 */
export async function readEvents(
  context: EventsContext,
  peer: Domain,
  room: RoomUri,
  range: EventsRange,
): Promise<EventsResponse> {
  const followed = await context.followed.get(room);
  const isFellow = followed !== undefined && (await isFellowSince(context, followed, peer, range));
  if (followed?.hub === peer || isFellow) {
    const { signedHead } = followed;
    const head = signedHead === undefined ? undefined : signedHeadCodec.decode(signedHead);
    return context.database.read((tx) => page(context, tx, room, range, head));
  }
  const former = await context.database.read(async (tx) => {
    const moved = await readMovedEvents(context, tx, peer, room, range.after);
    return moved && page(context, tx, room, range, moved.head, moved.range);
  });
  if (former !== undefined) return former;
  const hosted = await context.rooms.get(room);
  const answer = await context.database.read(async (tx) => {
    const ranges = await context.store.peerRanges(tx, hosted.id, peer);
    const allowed = ranges.find(({ until }) => until === undefined || until > range.after);
    if (allowed === undefined) throw notTheirs();
    const head = await context.store.head(tx, hosted.id);
    if (head === undefined) throw notTheirs();
    const open = allowed.until === undefined && head.epoch === hosted.group.epoch;
    const signed = open ? signedHeadOf(context.crypto, hosted, head).signed : undefined;
    return page(context, tx, room, range, signed, allowed);
  });
  if (range.introduce !== true) return answer;
  return { ...answer, introduction: await introductionOf(context, hosted, answer) };
}

/** The roster after the first commit of an answer, and the key of the hub. */
async function introductionOf(
  context: EventsContext,
  hosted: HostedRoom,
  { entries }: EventsResponse,
): Promise<EventsResponse["introduction"]> {
  for (const bytes of entries) {
    const { kind, position } = decodeEntry(bytes, "sliced");
    if (kind !== "commit") continue;
    const roster = await rosterAt(context, hosted, position);
    return roster && { hubKey: hosted.hubKey.publicKey, roster };
  }
  return undefined;
}

/** The present roster without what the commits behind a position have changed. */
async function rosterAt(
  { database, roomLog }: EventsContext,
  { room, group }: HostedRoom,
  position: number,
): Promise<Roster | undefined> {
  const changes: LeafChange[] = [];
  for (let after = position; ;) {
    const range = { after, handshakesOnly: true };
    const { entries } = await database.read((tx) => roomLog.readLog(tx, room, range));
    for (const { bytes, position: at } of entries) {
      after = at;
      const entry = decodeEntry(bytes, "sliced");
      if (entry.kind !== "commit") continue;
      // It came after this form of the room.
      if (entry.epoch >= group.epoch) return rosterBefore(group.roster, changes);
      changes.push(...entry.leafChanges);
    }
    if (entries.length === 0) return rosterBefore(group.roster, changes);
  }
}

async function page(
  { roomLog, store }: EventsContext,
  tx: ReadTx,
  room: RoomUri,
  { after, limit }: EventsRange,
  head: SignedHead | undefined,
  { since, until }: PeerRange = { since: 1, until: undefined },
): Promise<EventsResponse> {
  // One less than the largest position, so that there is one behind it.
  const from = Math.min(Math.max(after, since - 1), Number.MAX_SAFE_INTEGER - 1);
  const read = await roomLog.readLog(tx, room, {
    after: from,
    ...(until === undefined ? {} : { upTo: until }),
    entriesMax: Math.min(limit, LIMITS.eventsPerPageMax),
  });
  const last = Math.max(from, Math.min(read.head, until ?? read.head));
  const entries = read.entries.map(({ bytes }) => bytes);
  const closed = upToClosing(entries, await store.closings(tx, room));
  return {
    oldest: read.entries[0]?.position ?? last + 1,
    last,
    entries: closed?.entries ?? entries,
    head: closed?.head ?? head,
    introduction: undefined,
  };
}

/**
 * FED-1139: a page ends where a former hub closed its log, and has that one's last word: whoever has missed it
 * believes no other.
 */
function upToClosing(
  entries: readonly Bytes[],
  closings: ReadonlyMap<number, Bytes>,
): { readonly entries: readonly Bytes[]; readonly head: SignedHead } | undefined {
  if (closings.size === 0) return undefined;
  for (const [index, bytes] of entries.entries()) {
    const entry = decodeEntry(bytes, "sliced");
    const closing = readMoved(entry) && closings.get(entry.term);
    if (closing === undefined) continue;
    return { entries: entries.slice(0, index + 1), head: signedHeadCodec.decode(closing) };
  }
  return undefined;
}

/** Whether another server has had members in a followed room ever since a position. */
async function isFellowSince(
  { database, store, roomLog }: EventsContext,
  { id, room }: FollowedRoom,
  peer: Domain,
  { after }: Pick<EventsRange, "after">,
): Promise<boolean> {
  return database.read(async (tx) => {
    const since = await readersSince(roomLog, tx, room, await store.followedRoster(tx, id));
    return (since.get(peer) ?? Infinity) <= after + 1;
  });
}

/** Answers the hub of a followed room, and who else has members in it, where this server stands. */
export async function readStanding(
  { followed, database, store }: Pick<FollowedContext, "followed" | "database" | "store">,
  peer: Domain,
  name: RoomUri,
): Promise<StandingResponse> {
  const room = await followed.get(name);
  const isFellow =
    room !== undefined &&
    (await database.read((tx) => store.followedRoster(tx, room.id))).some(
      ({ client }) => domainOf(client) === peer,
    );
  if (room === undefined || (room.hub !== peer && !isFellow)) {
    const moved = await database.read((tx) => store.movedRoom(tx, name));
    if (moved === undefined) {
      throw new Refusal("unknownRoom", "No room of yours is followed here.");
    }
    throw new Refusal("roomMoved", "The room has another hub.", { hub: room?.hub ?? moved.hub });
  }
  const { position, hash } = room.head;
  return {
    position,
    hash: hash.length === 0 ? new Uint8Array(32) : hash,
    head: room.signedHead === undefined ? undefined : signedHeadCodec.decode(room.signedHead),
    groupInfo: await database.read((tx) => store.followedGroupInfo(tx, room.id)),
  };
}

function notTheirs(): Refusal {
  return new Refusal("notMember", "No user of this server is or was in the room.");
}
