import { type Bytes, LIMITS, userOfClient } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AcceptableCommit, CommitUpload } from "./check-commit.ts";
import type { DeliveryContext } from "../context.ts";
import { roomsFull } from "../founding/index.ts";
import { type HostedRoom, leavesOfUser } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";

/** Nobody is brought into more rooms than one user may have. */
export async function checkRoomsOfAdded(
  { store }: DeliveryContext,
  tx: Tx,
  hosted: HostedRoom,
  { added }: AcceptableCommit,
): Promise<void> {
  for (const user of new Set(added.map((member) => member.user))) {
    if (leavesOfUser(hosted, user).length > 0) continue;
    if ((await store.countRoomsOf(tx, user)) >= LIMITS.roomsPerUserMax) throw roomsFull();
  }
}

export type MembershipChange = {
  readonly hosted: HostedRoom;
  readonly commit: AcceptableCommit;
  readonly upload: CommitUpload;
  /** Where the commit's entry stands. */
  readonly point: LogPoint;
  /** Encoded `SignedHead` there. */
  readonly head: Bytes;
};

/**
 * Lets those who came read what follows, and those who went nothing after the commit that removed
 * them. A client that comes by Welcome reads the room once it has read its inbox so far. One that
 * comes by its own commit gets that commit as its first entry, or, if it reads the room already
 * and only renews its leaf, goes on where it is.
 */
export async function changeSubscriptions(
  context: DeliveryContext,
  tx: Tx,
  change: MembershipChange,
): Promise<void> {
  const { roomLog } = context;
  const { hosted, commit, point } = change;
  const { room } = hosted;
  const rejoined = new Set(commit.external ? commit.added.map(({ client }) => client) : []);
  for (const { client } of commit.removed) {
    if (!rejoined.has(client) && context.accounts.isLocal(userOfClient(client)))
      await roomLog.unsubscribe(tx, { client, room, upTo: point.position });
  }
  for (const { client, user } of commit.added) {
    // Clients of other servers are subscribed by those, which get the entry with their Welcomes.
    if (!context.accounts.isLocal(user)) continue;
    if (!commit.external) {
      await welcome(context, tx, client, change);
    } else {
      await roomLog.subscribe(tx, { client, room, after: point.position - 1 });
    }
  }
}

async function welcome(
  { roomLog }: DeliveryContext,
  tx: Tx,
  client: AcceptableCommit["committer"]["client"],
  { hosted, commit, upload, point, head }: MembershipChange,
): Promise<void> {
  if (upload.welcome === undefined) return;
  const { room, generation } = hosted;
  const awaitsInbox = await roomLog.deliverWelcome(tx, {
    client,
    room,
    generation,
    epoch: commit.next.group.epoch,
    position: point.position,
    acceptedAt: commit.at,
    welcome: upload.welcome,
    head,
  });
  await roomLog.subscribe(tx, { client, room, after: point.position, awaitsInbox });
}

/**
 * Notes from which entry on, and up to which, a server with members may read the room: the commit
 * that brings its first client, and the one that removes its last.
 */
export async function changePeers(
  { store }: DeliveryContext,
  tx: Tx,
  before: HostedRoom,
  after: HostedRoom,
  { position }: LogPoint,
): Promise<void> {
  for (const peer of after.peers) {
    if (!before.peers.includes(peer)) await store.addPeer(tx, before.id, peer, position);
  }
  for (const peer of before.peers) {
    if (!after.peers.includes(peer)) await store.endPeer(tx, before.id, peer, position);
  }
}
