import {
  type ApplicationEntry,
  type Bytes,
  chainHashOf,
  type CommitEntry,
  decodeEntry,
  type Entry,
  LIMITS,
  Refusal,
  submitMessageResponseCodec,
  userOfClient,
} from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import {
  adoptedKey,
  answerExpiry,
  hostedRoom,
  type HostedRoom,
  signedHeadOf,
  startOf,
  stillHeld,
  storedEpoch,
} from "../room/index.ts";
import { adoptVoid, unsettledAfter, writeVoid } from "../health/index.ts";
import { actorOf, countLinkUse, type UsedLink, usedLinkOf } from "../joining/index.ts";
import { changePeers } from "../handshakes/index.ts";
import type { LogPoint, StoredHead } from "../store/index.ts";

/**
 * Puts an entry of this hub's own log back to where it was, with everything that followed from it
 * here: group, roster, subscriptions. The caller has made sure that it is just that entry. Answers
 * the room after it.
 */
export async function adoptEntry(
  context: DeliveryContext,
  hosted: HostedRoom,
  bytes: Bytes,
  groupInfo: Bytes | undefined,
): Promise<HostedRoom> {
  const entry = decodeEntry(bytes);
  const adopted = await after(context, hosted, entry, groupInfo);
  return context.database.transaction(async (tx) => {
    const point = { position: entry.position, hash: chainHashOf(entry, bytes, sha256) };
    await context.roomLog.append(tx, {
      room: entry.room,
      position: entry.position,
      bytes,
      handshake: entry.kind !== "application",
    });
    const room = await write(context, tx, { hosted, adopted, entry, bytes, point });
    tx.afterCommit(() => context.rooms.put(room));
    return room;
  });
}

type Adopted = {
  readonly room: HostedRoom;
  readonly commit?: Awaited<ReturnType<HostedRoom["group"]["replayCommit"]>>;
  readonly usedLink?: UsedLink | undefined;
};

async function after(
  context: DeliveryContext,
  hosted: HostedRoom,
  entry: Entry,
  groupInfo: Bytes | undefined,
): Promise<Adopted> {
  const revision = hosted.revision + 1;
  if (entry.kind === "proposal") {
    const { group, removes } = await hosted.group.checkProposals(entry.proposals, entry.acceptedAt);
    const removals = new Set([...hosted.removals, ...removes]);
    const held = hosted.held.difference(new Set(removes));
    return { room: hostedRoom({ ...hosted, revision, group, removals, held }) };
  }
  if (entry.kind === "void") return { room: await adoptVoid(context, hosted, entry) };
  if (entry.kind !== "commit") return { room: hosted };
  return afterCommit(context, hosted, entry, groupInfo);
}

async function afterCommit(
  context: DeliveryContext,
  hosted: HostedRoom,
  { commit, acceptedAt: at, externalProposals }: CommitEntry,
  groupInfo: Bytes | undefined,
): Promise<Adopted> {
  const replayed = { commit, at, ...(groupInfo === undefined ? {} : { groupInfo }) };
  const checked = await hosted.group.replayCommit(replayed);
  let { group } = checked;
  if (externalProposals.length > 0) {
    ({ group } = await group.checkProposals(externalProposals, at));
  }
  const gone = new Set(checked.removed.map(({ leaf }) => leaf));
  const removals = hosted.removals.difference(gone);
  const room = hostedRoom({
    ...hosted,
    revision: hosted.revision + 1,
    group,
    removals,
    held: stillHeld(group.roster, { removals, held: hosted.held }),
    starts: [...hosted.starts, { ...startOf(checked, at), epoch: group.epoch }],
  });
  const actor = actorOf(context, { hosted, checked, at });
  return { room, commit: checked, usedLink: usedLinkOf(actor, hosted, room) };
}

type Writing = {
  readonly hosted: HostedRoom;
  readonly adopted: Adopted;
  readonly entry: Entry;
  readonly bytes: Bytes;
  readonly point: LogPoint;
};

/** Answers the room as it is remembered from here on. */
async function write(context: DeliveryContext, tx: Tx, writing: Writing): Promise<HostedRoom> {
  const { store } = context;
  const { hosted, adopted, entry, point } = writing;
  const { group, revision } = adopted.room;
  const head: StoredHead = { ...point, epoch: group.epoch, revision };
  if (adopted.commit !== undefined) {
    await writeCommit(context, tx, writing, head);
    return withUnsettled(context, tx, writing, adopted.commit);
  }
  if (entry.kind === "void") {
    const at = entry.acceptedAt;
    const voiding = { hosted, next: adopted.room, from: entry.voided, point, end: point, at };
    await writeVoid(context, tx, voiding);
  } else if (entry.kind === "proposal") {
    const added = group.pendingProposals.slice(hosted.group.pendingProposals.length);
    await store.addRemovals(tx, hosted.id, adopted.room, entry.acceptedAt);
    await store.addProposals(tx, hosted.id, { head, proposals: pending(added, entry) });
  } else {
    if (entry.kind === "application") await keepAnswer(context, tx, entry);
    await store.moveHead(tx, hosted.id, point);
  }
  return adopted.room;
}

/** Its sender may still wait for the answer, which was forgotten with the entry (FED-224). */
async function keepAnswer(
  { store }: DeliveryContext,
  tx: Tx,
  { room, message, acceptedAt, position, frank }: ApplicationEntry,
): Promise<void> {
  const accepted = { status: "accepted", acceptedAt, position, frank } as const;
  const answer = submitMessageResponseCodec.encode(accepted);
  await store.keepAnswer(tx, adoptedKey(room, message), answer, answerExpiry(acceptedAt));
}

/** The commit that was adopted may be voided by what follows it in the log. */
async function withUnsettled(
  { store }: DeliveryContext,
  tx: Tx,
  { hosted, adopted: { room }, point }: Writing,
  { committer, external }: NonNullable<Adopted["commit"]>,
): Promise<HostedRoom> {
  const commit = { epoch: hosted.group.epoch, ...point, committer: committer.client, external };
  const unsettled = unsettledAfter({ hosted, commit });
  const [newest, oldest] = [unsettled.at(-1), unsettled[0]];
  if (newest !== undefined && oldest !== undefined) {
    await store.addUnsettled(tx, hosted.id, newest, oldest.position);
  }
  return { ...room, unsettled, reports: [] };
}

async function writeCommit(
  context: DeliveryContext,
  tx: Tx,
  { hosted, adopted: { room, commit, usedLink }, entry, bytes, point }: Writing,
  head: StoredHead,
): Promise<void> {
  const { store, crypto, roomLog, accounts, outbox } = context;
  if (commit === undefined) throw new Refusal("internal", "There is no commit to write.");
  const at = entry.acceptedAt;
  const use = { before: hosted, after: room, used: usedLink };
  await countLinkUse(context, tx, use, point.position);
  await store.startEpoch(tx, hosted.id, {
    head,
    signedHead: signedHeadOf(crypto, room, point).bytes,
    epoch: storedEpoch(room.group, commit.changes, startOf(commit, at)),
    nodes: commit.changes.nodes,
    removed: commit.removed.map(({ leaf }) => leaf),
    added: commit.added.map(({ leaf, client }) => ({ leaf, client, user: userOfClient(client) })),
    welcomed: commit.added
      .filter(({ keyPackageRef }) => keyPackageRef !== undefined)
      .map(({ client }) => ({ client, keptUntil: at + LIMITS.keyPackageLifetimeMaxMs })),
    proposals: pending(room.group.pendingProposals, entry),
  });
  const isLocal = ({ client }: { readonly client: Parameters<typeof userOfClient>[0] }) =>
    accounts.isLocal(userOfClient(client));
  const added = new Set(commit.added.filter(isLocal).map(({ client }) => client));
  for (const { client } of commit.removed.filter(isLocal)) {
    if (added.has(client)) continue;
    await roomLog.unsubscribe(tx, { client, room: hosted.room, upTo: point.position });
  }
  // Welcomes are no entries: a client that has lost its own is given the commit that adds it, and
  // comes in by an external one.
  for (const client of added) {
    await roomLog.subscribe(tx, { client, room: hosted.room, after: point.position - 1 });
  }
  await changePeers(context, tx, hosted, room, point);
  // The others learn by the next term what they lack; these get no more of it than this.
  const { signed } = signedHeadOf(crypto, room, point);
  const { position } = point;
  for (const peer of hosted.peers.filter((one) => !room.peers.includes(one))) {
    const item = { room: hosted.room, position, bytes, handshake: true, head: signed };
    await outbox.add(tx, peer, { kind: "entry", ...item });
  }
}

function pending(
  proposals: HostedRoom["group"]["pendingProposals"],
  { acceptedAt }: Pick<Entry, "acceptedAt">,
) {
  return proposals.map(({ ref, message }) => ({ ref, message, acceptedAt }));
}
