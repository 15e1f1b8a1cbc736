import {
  type Bytes,
  type LeafChange,
  LIMITS,
  type Roster,
  rosterHash,
  userOfClient,
} from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import {
  appendEntry,
  dueRemovals,
  hasMoved,
  hostedRoom,
  type HostedRoom,
  proposedRemovals,
  signedHeadOf,
} from "../room/index.ts";
import { changePeers } from "../handshakes/membership.ts";
import { peersOfCommit } from "../handshakes/parcels.ts";
import type { LogPoint } from "../store/index.ts";
import type { StoredReport, StoredVoid } from "./store.ts";
import { suspensionAfter } from "./suspension.ts";
import { faultsOf, formerOf, type FormerRoom, type Unsettled, votersOf } from "./unsettled.ts";

/** A commit against which enough was reported. `dueInMs`: how long somebody may still contradict. */
export type Verdict = {
  readonly commit: Unsettled;
  readonly former: FormerRoom;
  readonly faults: readonly StoredReport[];
  readonly dueInMs: number;
};

/** What the reports come to; undefined when nothing is to be voided (FED-1103). */
export async function verdictOn(
  context: DeliveryContext,
  hosted: HostedRoom,
): Promise<Verdict | undefined> {
  for (const commit of hosted.unsettled) {
    const faults = faultsOf(hosted, commit.position);
    const [first] = faults;
    if (first === undefined || faults.length < LIMITS.voidFaultsMin) continue;
    const former = await formerOf(context, hosted, commit);
    if (former === undefined) continue;
    const voters = votersOf(hosted, commit, former);
    // Reports count as long as their users could still be asked.
    const counted = faults.filter(({ user }) => voters.has(user));
    if (counted.length < LIMITS.voidFaultsMin) continue;
    const waited = context.env.now() - first.acceptedAt;
    const all = counted.length === voters.size;
    const dueInMs = all ? 0 : Math.max(0, LIMITS.healthGraceMs - waited);
    return { commit, former, faults: counted, dueInMs };
  }
  return undefined;
}

/** Takes back a commit and what follows it. False if the room has moved meanwhile. */
export async function voidCommit(
  context: DeliveryContext,
  hosted: HostedRoom,
  verdict: Verdict,
): Promise<boolean> {
  const at = context.env.now();
  const { plain, record } = roomAfterVoid(hosted, verdict, at);
  const { next: proposing, messages } = await proposeDue(plain);
  return context.database.transaction(async (tx) => {
    const before = await context.store.head(tx, hosted.id);
    if (before === undefined || hasMoved(hosted, before)) return false;
    const point = await append(context, tx, { hosted, next: plain, verdict, before, at });
    const next = {
      ...proposing,
      voids: [...hosted.voids, { ...record, position: point.position }],
    };
    const place = { hosted, after: point, acceptedAt: at, peers: next.peers };
    const end =
      messages.length === 0
        ? point
        : await appendEntry(context, tx, place, { kind: "proposal", proposals: messages });
    await writeVoid(context, tx, {
      hosted,
      next,
      from: verdict.commit.position,
      point,
      end,
      at,
    });
    tx.afterCommit(() => context.rooms.put(next));
    return true;
  });
}

/** The room with the epoch that stands, before anything more is proposed in it. */
export function roomAfterVoid(
  hosted: HostedRoom,
  { commit, former }: Pick<Verdict, "commit" | "former">,
  at: number,
): { readonly plain: HostedRoom; readonly record: Omit<StoredVoid, "position"> } {
  const standing = new Set(former.group.roster.map(({ leaf }) => leaf));
  const came = changesBetween(former.group.roster, hosted.group.roster).map(({ leaf }) => leaf);
  // What was asked for since counts for the leaves that stay.
  const since = [...hosted.removals].filter((leaf) => standing.has(leaf) && !came.includes(leaf));
  const removals = new Set([...former.removals, ...since]);
  const isHeld = (leaf: number): boolean =>
    former.held.has(leaf) && (!hosted.removals.has(leaf) || hosted.held.has(leaf));
  const plain = hostedRoom({
    ...hosted,
    revision: hosted.revision + 1,
    group: former.group,
    removals,
    held: new Set([...removals].filter(isHeld)),
    starts: former.starts,
    unsettled: [],
    reports: [],
  });
  const user = userOfClient(commit.committer);
  const { external } = commit;
  const suspension = suspensionAfter(hosted.voids, { user, external }, at);
  return { plain, record: { epoch: former.group.epoch, user, voidedAt: at, ...suspension } };
}

async function proposeDue(
  plain: HostedRoom,
): Promise<{ readonly next: HostedRoom; readonly messages: readonly Bytes[] }> {
  const proposed = new Set(proposedRemovals(plain));
  const due = [...dueRemovals(plain).difference(proposed)].toSorted((a, b) => a - b);
  const room = Math.max(0, LIMITS.removalIntentsPerEpochMax - proposed.size);
  const { group, messages } = await plain.group.proposeRemovals(due.slice(0, room), {
    hubPrivateKey: plain.hubKey.privateKey,
  });
  return { next: hostedRoom({ ...plain, group }), messages };
}

type Voiding = {
  readonly hosted: HostedRoom;
  readonly next: HostedRoom;
  /** The position of the first commit that is taken back. */
  readonly from: number;
  /** Where the void stands, and where the log ends. */
  readonly point: LogPoint;
  readonly end: LogPoint;
  readonly at: number;
};

/** Writes what follows from a void beside its entry. */
export async function writeVoid(
  context: DeliveryContext,
  tx: Tx,
  { hosted, next, from, point, end, at }: Voiding,
): Promise<void> {
  const { group } = next;
  const record = next.voids.at(-1);
  if (record === undefined) throw new Error("A void leaves a record.");
  await changeReaders(context, tx, { hosted, next, point });
  await changePeers(context, tx, hosted, next, point);
  for (const { position } of hosted.unsettled) {
    if (position >= from) await context.store.dropLinkUse(tx, hosted.id, position);
  }
  await context.store.voidCommits(tx, hosted.id, {
    head: { ...end, epoch: group.epoch, revision: next.revision },
    signedHead: signedHeadOf(context.crypto, next, point).bytes,
    members: group.roster.map((one) => ({ ...one, user: userOfClient(one.client) })),
    before: {
      removals: [...next.removals],
      held: [...next.held],
      proposals: group.pendingProposals.map(({ ref, message }) => ({
        ref,
        message,
        acceptedAt: at,
      })),
    },
    acceptedAt: at,
    record,
  });
}

type Appending = {
  readonly hosted: HostedRoom;
  readonly next: HostedRoom;
  readonly verdict: Verdict;
  readonly before: LogPoint;
  readonly at: number;
};

async function append(
  context: DeliveryContext,
  tx: Tx,
  { hosted, next, verdict, before, at }: Appending,
): Promise<LogPoint> {
  const { commit, faults } = verdict;
  const introduced = await context.store.takeIntroductions(tx, hosted.id);
  const peers = peersOfCommit(hosted, next);
  return appendEntry(
    context,
    tx,
    { hosted, after: before, acceptedAt: at, peers },
    {
      kind: "void",
      voided: commit.position,
      epoch: commit.epoch,
      leafChanges: changesBetween(hosted.group.roster, next.group.roster),
      rosterHash: rosterHash(next.group.roster, sha256),
      faults: faults.slice(0, LIMITS.voidFaultsMax).map(({ report }) => report),
    },
    (end) => {
      const head = signedHeadOf(context.crypto, next, end).signed;
      const introduction = { hubKey: next.hubKey.publicKey, roster: next.group.roster };
      return new Map(
        peers.map((peer) => {
          const isKnown = hosted.peers.includes(peer) && !introduced.includes(peer);
          return [peer, { head, ...(isKnown ? {} : { introduction }) }];
        }),
      );
    },
  );
}

/** Who came by the commit reads nothing after the void; who went by it reads on from there. */
async function changeReaders(
  { roomLog, accounts }: DeliveryContext,
  tx: Tx,
  { hosted, next, point }: { hosted: HostedRoom; next: HostedRoom; point: LogPoint },
): Promise<void> {
  const { room } = hosted;
  for (const client of hosted.leafOf.keys()) {
    if (next.leafOf.has(client) || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room, upTo: point.position });
  }
  for (const client of next.leafOf.keys()) {
    if (hosted.leafOf.has(client) || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.subscribe(tx, { client, room, after: point.position - 1 });
  }
}

/** What leads from one roster to another: who goes, then who comes. */
function changesBetween(from: Roster, to: Roster): readonly LeafChange[] {
  const nameOf = ({ leaf, client }: Roster[number]) => `${leaf} ${client}`;
  const [before, after] = [new Set(from.map(nameOf)), new Set(to.map(nameOf))];
  const gone = from.filter((one) => !after.has(nameOf(one)));
  const come = to.filter((one) => !before.has(nameOf(one)));
  return [
    ...gone.map((one) => ({ ...one, change: "removed" as const })),
    ...come.map((one) => ({ ...one, change: "added" as const })),
  ];
}
