import { loadPublicGroup } from "@treehouse/mls/public";
import {
  equalBytes,
  type HealthReport,
  LIMITS,
  Refusal,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import type { HostedRoom } from "../room/index.ts";
import type { StoredReport, StoredUnsettled, StoredVoid } from "./store.ts";

/** What a room looks like on the other side of a commit. */
export type FormerRoom = Pick<HostedRoom, "group" | "removals" | "held" | "starts">;

/**
 * A commit of which it is not known that anybody else could apply it (FED-1102). `former` is the room
 * before it, unless it has to be read first.
 */
export type Unsettled = StoredUnsettled & { readonly former: FormerRoom | undefined };

/** The part of a room that is about commits nobody may be able to apply. */
export type RoomHealth = {
  /** Ascending; commits that one user made in a row, and joins between them. */
  readonly unsettled: readonly Unsettled[];
  readonly reports: readonly StoredReport[];
  /** Of the last day. */
  readonly voids: readonly StoredVoid[];
};

export type Committed = {
  readonly hosted: HostedRoom;
  readonly commit: Omit<StoredUnsettled, "before">;
};

/**
 * The commits that may be voided once another one is accepted: they stand with it, if somebody else's
 * client has made it who was in the room before. Trees are kept for so many epochs alone.
 */
export function unsettledAfter({ hosted, commit }: Committed): readonly Unsettled[] {
  const { group, removals, held, starts } = hosted;
  const former = { group, removals, held, starts };
  const proposals = group.pendingProposals.map(({ ref, message }) => ({
    ref,
    message,
    // When each was taken is of no use to anybody once it is proposed.
    acceptedAt: starts.at(-1)?.startedAt ?? 0,
  }));
  const before = { removals: [...removals], held: [...held], proposals };
  const kept = hosted.unsettled.filter((earlier) => leavesOpen(hosted, commit, earlier));
  return [...kept, { ...commit, before, former }].slice(-LIMITS.epochWindowEpochs);
}

function leavesOpen(
  { group }: HostedRoom,
  { committer, external }: Committed["commit"],
  earlier: Unsettled,
): boolean {
  const user = userOfClient(committer);
  if (user === userOfClient(earlier.committer)) return true;
  // Whoever comes by what that commit left behind says nothing of it; whoever was there before has given up.
  const { roster } = (earlier.former ?? { group }).group;
  return external && !roster.some(({ client }) => userOfClient(client) === user);
}

/** The position up to which commits stand when a user has spoken in an epoch; undefined: none does. */
export function standingBy(
  { unsettled }: Pick<HostedRoom, "unsettled">,
  user: UserUri,
  epoch: number,
): number | undefined {
  return unsettled.filter((one) => one.epoch < epoch && userOfClient(one.committer) !== user).at(-1)
    ?.position;
}

/** The room once the commits up to a position stand. */
export function settled(hosted: HostedRoom, upTo: number): HostedRoom {
  return {
    ...hosted,
    revision: hosted.revision + 1,
    unsettled: hosted.unsettled.filter(({ position }) => position > upTo),
    reports: hosted.reports.filter(({ position }) => position > upTo),
  };
}

/** Refuses with `wrongEpoch` what is not about a commit that may be voided. */
export function reportedCommit(hosted: HostedRoom, report: HealthReport): Unsettled {
  const one = hosted.unsettled.find(({ position }) => position === report.position);
  const fits =
    one !== undefined &&
    one.epoch === report.epoch &&
    report.room === hosted.room &&
    report.generation === hosted.generation &&
    equalBytes(one.hash, report.hash);
  if (fits) return one;
  const currentEpoch = hosted.group.epoch;
  throw new Refusal("wrongEpoch", "The commit stands, or is void already.", { currentEpoch });
}

/** The room before a commit, from memory or from the store. */
export async function formerOf(
  { crypto, database, store }: Pick<DeliveryContext, "crypto" | "database" | "store">,
  { id }: HostedRoom,
  { former, epoch, before }: Unsettled,
): Promise<FormerRoom | undefined> {
  if (former !== undefined) return former;
  const stored = await database.read((tx) => store.formerEpoch(tx, id, epoch));
  if (stored === undefined) return undefined;
  const { current, nodes, starts } = stored;
  const group = await loadPublicGroup(
    { crypto },
    { ...current, size: current.treeSize, nodes, proposals: before.proposals },
  );
  return { group, removals: new Set(before.removals), held: new Set(before.held), starts };
}

/** Users other than the committer's with a leaf that stands before the commit and now. */
export function votersOf(
  { leafOf }: HostedRoom,
  { committer }: Unsettled,
  { group }: FormerRoom,
): ReadonlySet<UserUri> {
  const standing = group.roster.filter(({ leaf, client }) => leafOf.get(client) === leaf);
  const users = new Set(standing.map(({ client }) => userOfClient(client)));
  users.delete(userOfClient(committer));
  return users;
}

/** The faults that were reported of a commit, one per user. */
export function faultsOf(
  { reports }: Pick<HostedRoom, "reports">,
  position: number,
): readonly StoredReport[] {
  return reports.filter(
    (one) => one.position === position && one.report.report.verdict === "fault",
  );
}
