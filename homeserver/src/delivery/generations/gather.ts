import {
  chainHashOf,
  decodeEntry,
  domainOf,
  equalBytes,
  Refusal,
  verifyHead,
} from "@treehouse/protocol";
import type { Bytes, Domain, EntryDelivery, RoomUri, SignedHead } from "@treehouse/protocol";
import { errorFields, sha256 } from "../../platform/index.ts";
import type { FollowedContext } from "../followed/context.ts";
import { finishBatch } from "../followed/finish.ts";
import { prepareBatch } from "../followed/prepare.ts";
import { receiveEntry } from "../followed/receive.ts";
import type { FollowedRoom } from "../followed/room.ts";
import type { LogPoint } from "../store.ts";

/** More than this behind is for the hub to tell. */
const entriesMax = 4_096;
const pageMax = 256;

/**
 * Asks all others that follow a room for what they have of it beyond this server, while its hub cannot be
 * reached: what the hub has signed of it is taken, and nothing else (FED-1137). Answers those that could
 * not be asked.
 */
export async function gather(context: FollowedContext, name: RoomUri): Promise<readonly Domain[]> {
  const { followed, database, store, domain } = context;
  const room = await followed.get(name);
  if (room === undefined || room.head.frozen) return [];
  const roster = await database.read((tx) => store.followedRoster(tx, room.id));
  const others = new Set(roster.map(({ client }) => domainOf(client)));
  const unasked: Domain[] = [];
  for (const peer of others) {
    if (peer === domain || peer === room.hub) continue;
    try {
      await takeFrom(context, name, peer);
    } catch (error) {
      context.env.log.warn("gatherFailed", { room: name, host: peer, ...errorFields(error) });
      if (!(error instanceof Refusal) || error.code === "peerUnreachable") unasked.push(peer);
    }
  }
  return unasked;
}

async function takeFrom(context: FollowedContext, name: RoomUri, peer: Domain): Promise<void> {
  const room = await context.followed.get(name);
  if (room === undefined) return;
  const { head: signed, groupInfo } = await context.hubs.standing(peer, name);
  if (signed === undefined || !isAhead(context, room, signed)) return;
  await takeChain(context, room, { peer, end: signed.head, heads: [signed], groupInfo });
}

/**
 * Takes what lacks up to an entry of which it is known that it counts, as if the room's hub had sent it.
 */
export async function takeChain(
  context: FollowedContext,
  room: FollowedRoom,
  from: {
    readonly peer: Domain;
    readonly end: LogPoint & { readonly epoch: number };
    readonly heads: readonly SignedHead[];
    readonly groupInfo: Bytes | undefined;
  },
): Promise<void> {
  const entries = await chainTo(context, room, from.peer, from.end);
  if (entries === undefined) {
    context.count("adoptionRefused");
    return;
  }
  const items = deliveries(entries, from.end.epoch, from.groupInfo);
  const batch = await prepareBatch(context, room.hub, { items, heads: from.heads });
  await context.database.transaction(async (tx) => {
    for (const item of batch.items) await receiveEntry(context, tx, batch, item);
    const nothing = () => undefined;
    await finishBatch(context, tx, batch, { onBehind: nothing, onComing: nothing });
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

/** The entries between, if they are one chain from here to that one. */
async function chainTo(
  { hubs }: FollowedContext,
  { room, head: from }: FollowedRoom,
  peer: Domain,
  end: LogPoint,
): Promise<readonly Bytes[] | undefined> {
  const found: Bytes[] = [];
  let { position, hash } = from;
  while (position < end.position && found.length < entriesMax) {
    const limit = Math.min(pageMax, end.position - position);
    const { entries } = await hubs.events(peer, room, { after: position, limit });
    if (entries.length === 0) return undefined;
    for (const bytes of entries) {
      const entry = decodeEntry(bytes, "sliced");
      const follows = hash.length === 0 || equalBytes(entry.previous, hash);
      if (entry.position !== position + 1 || !follows) return undefined;
      found.push(bytes);
      position = entry.position;
      hash = chainHashOf(entry, bytes, sha256);
    }
  }
  return position === end.position && equalBytes(hash, end.hash) ? found : undefined;
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
