import {
  type Bytes,
  chainHashOf,
  decodeEntry,
  type Domain,
  domainOf,
  type EntryDelivery,
  equalBytes,
  LIMITS,
  Refusal,
  type RoomUri,
  type SignedHead,
  verifyHead,
} from "@treehouse/protocol";
import { errorFields, sha256 } from "../../platform/index.ts";
import {
  finishBatch,
  type FollowedContext,
  type FollowedRoom,
  prepareBatch,
  receiveEntry,
} from "../followed/index.ts";
import { isMissing } from "../missing-entry.ts";
import type { LogPoint } from "../store/index.ts";

/** More than this behind is for the hub to tell. */
const entriesMax = 4_096;

/**
 * Asks all others that follow a room for what they have of it beyond this server, while its hub cannot be
 * reached: what the hub has signed of it is taken, and nothing else (FED-1137).
 */
export async function gather(context: FollowedContext, name: RoomUri): Promise<void> {
  const { followed, database, store, domain } = context;
  const room = await followed.get(name);
  if (room === undefined || room.head.frozen) return;
  const roster = await database.read((tx) => store.followedRoster(tx, room.id));
  const others = new Set(roster.map(({ client }) => domainOf(client)));
  for (const peer of others) {
    if (peer === domain || peer === room.hub) continue;
    await gatherFrom(context, name, peer);
  }
}

/** The same of one of them; what it cannot answer is as if it had nothing. */
export async function gatherFrom(
  context: FollowedContext,
  name: RoomUri,
  peer: Domain,
): Promise<void> {
  try {
    if (!(await takeFrom(context, name, peer))) await takeClosed(context, name, peer);
  } catch (error) {
    context.env.log.warn("gatherFailed", { room: name, host: peer, ...errorFields(error) });
  }
}

/** Up to the newest head of the room's hub that the peer has. */
async function takeFrom(context: FollowedContext, name: RoomUri, peer: Domain): Promise<boolean> {
  const room = await context.followed.get(name);
  const standing = await context.hubs.standing(peer, name).catch(nothingFollowed);
  const signed = standing?.head;
  if (room === undefined || signed === undefined || !isAhead(context, room, signed)) return false;
  const { groupInfo } = standing ?? {};
  const from = { peer, end: signed.head, heads: [signed], groupInfo };
  await takeChain(context, room, from, beforeMissing);
  return true;
}

/** Who orders the room now says no standing; who has nobody in it knows nothing of it. */
function nothingFollowed(error: unknown): undefined {
  if (!(error instanceof Refusal) || error.code === "peerUnreachable") throw error;
}

/** Up to where the room's hub has closed its log, if it has: its last word comes with that (FED-1139). */
async function takeClosed(context: FollowedContext, name: RoomUri, peer: Domain): Promise<void> {
  const room = await context.followed.get(name);
  if (room === undefined) return;
  let closing: SignedHead | undefined;
  const entries = await chain(context, room, peer, (point, head) => {
    const isEnd = head !== undefined && isAt(head.head, point) && isAhead(context, room, head);
    if (isEnd) closing = head;
    return isEnd;
  });
  if (entries === undefined || closing === undefined) return;
  await take(context, room, {
    entries: beforeMissing(entries),
    end: closing.head,
    heads: [closing],
    groupInfo: undefined,
  });
}

/**
 * Takes what lacks up to an entry of which it is known that it counts, as if the room's hub had sent it: all
 * of it, or what is named.
 */
export async function takeChain(
  context: FollowedContext,
  room: FollowedRoom,
  from: Omit<Gathered, "entries"> & { readonly peer: Domain },
  taken: (entries: readonly Bytes[]) => readonly Bytes[] = (entries) => entries,
): Promise<void> {
  const entries = await chain(context, room, from.peer, (point) => isAt(from.end, point));
  if (entries === undefined) context.count("adoptionRefused");
  else await take(context, room, { ...from, entries: taken(entries) });
}

/** What a server lacks itself is to come from another one, or from the hub. */
function beforeMissing(entries: readonly Bytes[]): readonly Bytes[] {
  const first = entries.findIndex((bytes) => isMissing(decodeEntry(bytes, "sliced")));
  return first < 0 ? entries : entries.slice(0, first);
}

type Gathered = {
  readonly entries: readonly Bytes[];
  readonly end: LogPoint & { readonly epoch: number };
  readonly heads: readonly SignedHead[];
  readonly groupInfo: Bytes | undefined;
};

async function take(
  context: FollowedContext,
  room: FollowedRoom,
  { entries, end, heads, groupInfo }: Gathered,
): Promise<void> {
  const items = deliveries(entries, end.epoch, groupInfo);
  const batch = await prepareBatch(context, room.hub, { items, heads });
  await context.database.transaction(async (tx) => {
    for (const item of batch.items) await receiveEntry(context, tx, batch, item);
    await finishBatch(context, tx, batch, context.ends);
  });
}

/** Whether the room's own hub has signed that there is more. */
function isAhead({ crypto }: FollowedContext, room: FollowedRoom, signed: SignedHead): boolean {
  const { head } = signed;
  const verify = (key: Bytes, message: Bytes, signature: Bytes) =>
    crypto.verify(key, message, signature);
  return (
    head.room === room.room &&
    head.generation === room.generation &&
    head.term >= room.head.term &&
    head.position > room.head.position &&
    verifyHead(signed, room.hubKey, verify)
  );
}

function isAt(end: LogPoint, { position, hash }: LogPoint): boolean {
  return end.position === position && equalBytes(end.hash, hash);
}

/** The entries from here to the one that is the end, if they are one chain. */
async function chain(
  { hubs }: FollowedContext,
  { room, head: from }: FollowedRoom,
  peer: Domain,
  isEnd: (point: LogPoint, head: SignedHead | undefined) => boolean,
): Promise<readonly Bytes[] | undefined> {
  const found: Bytes[] = [];
  const limit = LIMITS.eventsPerPageMax;
  let { position, hash } = from;
  while (found.length < entriesMax) {
    const { entries, head } = await hubs.events(peer, room, { after: position, limit });
    if (entries.length === 0) return undefined;
    for (const bytes of entries) {
      const entry = decodeEntry(bytes, "sliced");
      const follows = hash.length === 0 || equalBytes(entry.previous, hash);
      if (entry.position !== position + 1 || !follows) return undefined;
      found.push(bytes);
      position = entry.position;
      hash = chainHashOf(entry, bytes, sha256);
      if (isEnd({ position, hash }, head)) return found;
    }
  }
  return undefined;
}

/** As if the hub had sent them; Welcomes are lost, and whom they were for comes by itself. */
function deliveries(
  entries: readonly Bytes[],
  epoch: number,
  groupInfo: Bytes | undefined,
): readonly EntryDelivery[] {
  return entries.map((entry) => {
    const decoded = decodeEntry(entry, "sliced");
    const isNewest = decoded.kind === "commit" && decoded.epoch + 1 === epoch;
    const rest = { head: undefined, welcomes: [], introduction: undefined };
    return { entry, groupInfo: isNewest ? groupInfo : undefined, ...rest };
  });
}
