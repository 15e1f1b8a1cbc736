import {
  type Bytes,
  type Domain,
  domainOf,
  movedDetail,
  type NamedHub,
  takeOverRequestCodec,
  TOMBSTONE_REASONS,
  userOfClient,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AcceptableCommit } from "../handshakes/index.ts";
import { appendEntry, type HostedRoom, signedHeadOf } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";
import type { MovesContext } from "./context.ts";

/** Servers with members that stay, without the one that the room leaves and without this one. */
function remainingPeers(
  { domain }: Pick<MovesContext, "domain">,
  hosted: HostedRoom,
  { next }: Pick<AcceptableCommit, "next">,
): readonly Domain[] {
  const there = new Set(next.group.roster.map(({ client }) => domainOf(client)));
  return hosted.peers.filter((peer) => peer !== domain && there.has(peer));
}

/**
 * Gives the new hub what it needs, before the commit is accepted that names it (FED-1123): the room
 * must not be without hub when this server goes.
 *
 * Refusals: those of the new hub, and peerUnreachable, peerDenied, tooLarge.
 */
export async function askToTakeOver(
  context: MovesContext,
  hosted: HostedRoom,
  { next, handOver }: Pick<AcceptableCommit, "next" | "handOver">,
): Promise<void> {
  if (handOver === undefined) return;
  const { database, store, hubs, domain } = context;
  const { ranges, linkUses } = await database.read(async (tx) => ({
    ranges: await store.allPeerRanges(tx, hosted.id),
    linkUses: await store.linkUses(tx, hosted.id),
  }));
  // This server has had the log from its beginning, and goes on as a follower.
  const own = { peer: domain, since: 1, until: undefined };
  const request = takeOverRequestCodec.encode({
    groupInfo: next.group.groupInfo,
    ratchetTree: next.group.ratchetTree(),
    removals: [...next.removals]
      .toSorted((one, other) => one - other)
      .map((leaf) => ({ leaf, flags: { held: next.held.has(leaf) } })),
    ranges: [own, ...ranges.filter(({ peer }) => peer !== handOver.hub && peer !== domain)],
    linkUses,
  });
  await hubs.takeOver(handOver.hub, hosted.room, request);
}

/** What the room's last commit here has written so far. */
export type LastCommit = {
  readonly hosted: HostedRoom;
  readonly commit: AcceptableCommit & { readonly handOver: NamedHub };
  readonly groupInfo: Bytes;
  /** Where its entry stands. */
  readonly point: LogPoint;
};

/**
 * Ends this server's part as hub, in the transaction that accepts the commit which says so: the log
 * is closed with an entry that names the new hub (FED-1124), and the room is followed from there.
 */
export async function closeLog(context: MovesContext, tx: Tx, last: LastCommit): Promise<void> {
  const { store, crypto, rooms, followed, accounts } = context;
  const { hosted, commit, groupInfo, point } = last;
  const { next, at, handOver: named } = commit;
  const remaining = remainingPeers(context, hosted, commit);
  for (const peer of hosted.peers) {
    if (!remaining.includes(peer)) await store.endPeer(tx, hosted.id, peer, point.position);
  }
  const closed = { ...hosted, group: next.group };
  const end = await appendEntry(
    context,
    tx,
    { hosted, after: point, acceptedAt: at, peers: remaining },
    {
      kind: "tombstone",
      reason: TOMBSTONE_REASONS.moved,
      replaced: point.hash,
      detail: movedDetail(named),
    },
    (here) => {
      const head = signedHeadOf(crypto, closed, here).signed;
      return new Map(remaining.map((peer) => [peer, { head }]));
    },
  );
  const { room, generation } = hosted;
  await store.moveAway(tx, {
    room,
    roomId: hosted.id,
    hub: named.hub,
    position: end.position,
    signedHead: signedHeadOf(crypto, closed, end).bytes,
    movedAt: at,
  });
  const { position, hash } = end;
  const head = { term: named.term, epoch: next.group.epoch, position, hash, seen: position };
  const id = await store.insertFollowed(tx, {
    room,
    generation,
    hub: named.hub,
    hubKey: named.hubKey,
    head: { ...head, frozen: false },
  });
  const isOwn = next.group.roster.some(({ client }) => accounts.isLocal(userOfClient(client)));
  if (isOwn) {
    await store.replaceFollowedRoster(tx, id, next.group.roster);
    await store.keepFollowedGroupInfo(tx, id, groupInfo);
  }
  tx.afterCommit(() => {
    rooms.remove(room);
    followed.drop(room);
  });
}
