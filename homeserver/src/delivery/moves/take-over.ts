import { equalBytes, type RoomUri, rosterHash, takeOverRequestCodec } from "@treehouse/protocol";
import type { PublicGroup } from "@treehouse/mls/public";
import { sha256, type Tx } from "../../platform/index.ts";
import { insertGroup } from "../founding/index.ts";
import { proposeDue } from "../leaving/index.ts";
import type { MovesContext } from "./context.ts";
import { groupToTakeOver } from "./prepare-take-over.ts";
import type { StoredHubOffer } from "./store.ts";

/**
 * Begins to be the hub of a room whose former hub has closed its log in favour of this server
 * (FED-1126). The log goes on where it ended, under the new term; nothing of an epoch that began
 * before is taken, for the former hub may have taken it. Answers whether this server is the hub now.
 */
export async function takeOver(context: MovesContext, name: RoomUri): Promise<boolean> {
  const { database, store, env } = context;
  const { room, offer } = await database.read(async (tx) => ({
    room: await store.followedRoom(tx, name),
    offer: await store.hubOffer(tx, name),
  }));
  if (room?.hub !== context.domain) return room === undefined;
  if (offer?.prepared === undefined || offer.term !== room.head.term) {
    env.log.error("takeOverUnprepared", { room: name });
    return false;
  }
  const given = takeOverRequestCodec.decode(offer.prepared);
  const group = await groupToTakeOver(context, given);
  const done = await database.transaction(async (tx) => {
    const head = await store.followedHead(tx, room.id);
    const roster = await store.followedRoster(tx, room.id);
    if (head === undefined) return true;
    const fits =
      group.epoch === head.epoch &&
      equalBytes(rosterHash(roster, sha256), rosterHash(group.roster, sha256));
    if (!fits) return false;
    const roomId = await write(context, tx, { offer, group, generation: room.generation, head });
    for (const range of given.ranges) await store.addPeerRange(tx, roomId, range);
    for (const use of given.linkUses) await store.addLinkUse(tx, roomId, use);
    const removals = given.removals.map(({ leaf }) => leaf);
    const held = new Set(given.removals.filter((one) => one.flags.held).map(({ leaf }) => leaf));
    await store.addRemovals(tx, roomId, { removals, held }, env.now());
    await store.deleteFollowed(tx, room.id);
    await store.forgetMoved(tx, name);
    await store.deleteHubOffer(tx, name);
    tx.afterCommit(() => context.followed.drop(name));
    return true;
  });
  if (!done) {
    context.count("hubForked");
    env.log.error("takeOverUnfit", { room: name });
    return false;
  }
  env.log.info("roomTakenOver", { room: name });
  await proposeDue(context, name);
  return true;
}

async function write(
  context: MovesContext,
  tx: Tx,
  {
    offer,
    group,
    generation,
    head,
  }: {
    readonly offer: StoredHubOffer;
    readonly group: PublicGroup;
    readonly generation: number;
    readonly head: { readonly position: number; readonly hash: Uint8Array<ArrayBuffer> };
  },
): Promise<number> {
  const { room, term } = offer;
  const hubKey = { privateKey: offer.hubPrivateKey, publicKey: offer.hubPublicKey };
  return insertGroup(context, tx, {
    room: { room, generation, term, termSince: 0, hubKey, group },
    point: head,
    at: context.env.now(),
    entered: true,
  });
}
