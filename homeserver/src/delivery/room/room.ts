import {
  loadPublicGroup,
  type PublicChanges,
  type PublicContext,
  type PublicGroup,
} from "@treehouse/mls/public";
import {
  type Bytes,
  type ClientUri,
  decodeRoomState,
  type Domain,
  domainOf,
  LIMITS,
  maySend,
  type RoomUri,
  roomView,
  type RoomView,
  userOfClient,
  type UserUri,
  type Verdict,
} from "@treehouse/protocol";
import type { RoomHealth } from "../health/index.ts";
import type { EpochStart, StoredEpoch, StoredRoom } from "../store/index.ts";

/**
 * A room as it stood after one commit of the database: what checks are made against. It never
 * changes; a transaction that accepts a handshake puts a new one in its place.
 */
export type HostedRoom = {
  readonly id: number;
  readonly room: RoomUri;
  readonly generation: number;
  readonly term: number;
  /** The position of the term's first entry; 0 in the first term. */
  readonly termSince: number;
  readonly hubKey: HubKey;
  /** Rises with every accepted handshake or proposal. */
  readonly revision: number;
  readonly group: PublicGroup;
  readonly view: RoomView;
  readonly leafOf: ReadonlyMap<ClientUri, number>;
  /** The other servers with members, in the order of their names. */
  readonly peers: readonly Domain[];
  /** Leaves that shall be removed. Nothing is accepted from their clients. */
  readonly removals: ReadonlySet<number>;
  /**
   * Those of them that are not proposed yet: of revoked clients whose users have no other leaf, for a
   * new client to come in beside it (FED-970).
   */
  readonly held: ReadonlySet<number>;
  /** How each epoch of the window began, the current one last. */
  readonly starts: readonly EpochStart[];
  /** Whether a user may send at this time: remembered, because it is asked for every message. */
  sendingVerdict(user: UserUri, at: number): Verdict;
} & RoomHealth;

/** Raw Ed25519 keys of the hub for one room. */
export type HubKey = { readonly privateKey: Bytes; readonly publicKey: Bytes };

type RoomParts = Omit<HostedRoom, "view" | "leafOf" | "peers" | "sendingVerdict">;

/** Builds what is kept in memory of a stored room. */
export async function loadRoom(context: PublicContext, stored: StoredRoom): Promise<HostedRoom> {
  const { current } = stored;
  const group = await loadPublicGroup(context, {
    groupContext: current.groupContext,
    confirmationTag: current.confirmationTag,
    groupInfo: current.groupInfo,
    size: current.treeSize,
    nodes: stored.nodes,
    proposals: stored.proposals,
  });
  return hostedRoom({
    id: stored.id,
    room: stored.room,
    generation: stored.generation,
    term: stored.term,
    termSince: stored.termSince,
    hubKey: { privateKey: stored.hubPrivateKey, publicKey: stored.hubPublicKey },
    revision: stored.head.revision,
    group,
    removals: new Set(stored.removals),
    held: new Set(stored.held),
    starts: stored.starts,
    reports: stored.reports,
    voids: stored.voids,
    unsettled: stored.unsettled.map((one) => ({ ...one, former: undefined })),
  });
}

export function hostedRoom(parts: RoomParts): HostedRoom {
  const { group } = parts;
  const view = roomView(decodeRoomState(group.roomState), group.roster);
  const verdicts = new Map<UserUri, Verdict>();
  return {
    ...parts,
    starts: parts.starts.filter(({ epoch }) => epoch >= group.epoch - LIMITS.epochWindowEpochs),
    view,
    leafOf: new Map(group.roster.map(({ leaf, client }) => [client, leaf])),
    peers: [...new Set(group.roster.map(({ client }) => domainOf(client)))]
      .filter((domain) => domain !== view.state.hub)
      .toSorted(),
    sendingVerdict(user, at) {
      const known = verdicts.get(user);
      if (known !== undefined) return known;
      const verdict = maySend(view, user, at);
      // Only members are remembered, so that strangers cannot make this grow. A mute only ends.
      if (verdict.allowed) verdicts.set(user, verdict);
      return verdict;
    },
  };
}

/** The leaves of all clients of one user, ascending. */
export function leavesOfUser(room: HostedRoom, user: UserUri): readonly number[] {
  return room.group.roster
    .filter(({ client }) => userOfClient(client) === user)
    .map(({ leaf }) => leaf);
}

/** Leaves that are to be removed as soon as a commit can be made. */
export function dueRemovals({
  removals,
  held,
}: Pick<HostedRoom, "removals" | "held">): ReadonlySet<number> {
  return removals.difference(held);
}

/** Whether removals are due and nothing is proposed in this epoch. */
export function waitForProposals(room: HostedRoom): boolean {
  return room.group.pendingProposals.length === 0 && dueRemovals(room).size > 0;
}

/** Of leaves that were held: those whose users still have no leaf that stays. */
export function stillHeld(
  roster: PublicGroup["roster"],
  { removals, held }: Pick<HostedRoom, "removals" | "held">,
): ReadonlySet<number> {
  if (held.size === 0) return held;
  const staying = new Set(
    roster.filter(({ leaf }) => !removals.has(leaf)).map(({ client }) => userOfClient(client)),
  );
  const present = roster.filter(({ leaf }) => removals.has(leaf) && held.has(leaf));
  return new Set(
    present.filter(({ client }) => !staying.has(userOfClient(client))).map(({ leaf }) => leaf),
  );
}

/** The leaves whose removal this epoch has proposed. */
export function proposedRemovals(room: HostedRoom): readonly number[] {
  return room.group.pendingProposals.map(({ removes }) => removes);
}

/** How the epoch begins that a commit leads to. */
export function startOf(
  { added }: { readonly added: readonly unknown[] },
  startedAt: number,
): Pick<EpochStart, "startedAt" | "entered"> {
  return { startedAt, entered: added.length > 0 };
}

/** The row of a group's epoch, from what was written out of the whole group or of a commit. */
export function storedEpoch(
  { epoch, treeHash }: Pick<PublicGroup, "epoch" | "treeHash">,
  written: Pick<PublicChanges, "size" | "groupContext" | "confirmationTag" | "groupInfo">,
  start: Pick<EpochStart, "startedAt" | "entered">,
): StoredEpoch {
  const { size: treeSize, groupContext, confirmationTag, groupInfo } = written;
  return { ...start, epoch, treeSize, treeHash, groupContext, confirmationTag, groupInfo };
}
