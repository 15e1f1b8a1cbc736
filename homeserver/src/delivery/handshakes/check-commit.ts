import type { CheckedCommit, PublicGroup } from "@treehouse/mls/public";
import {
  type Actor,
  authorize,
  type Bytes,
  type ClientUri,
  decodeRoomState,
  decodeSafeAad,
  domainOf,
  equalBytes,
  isEnded,
  type LeafChange,
  LIMITS,
  mayReturn,
  type NamedHub,
  Refusal,
  type RoomState,
  rosterHash,
  RULES_VERSION,
  type UpdateFraming,
  userOfClient,
} from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import {
  checkHandshakeFraming,
  checkSender,
  checkSubmission,
  type Submission,
} from "../messages/index.ts";
import { checkExternalSenders } from "../founding/index.ts";
import { refuseFormer } from "../generations/former-group.ts";
import { checkSuspended } from "../health/index.ts";
import { actorOf, checkMayTry, type UsedLink, usedLinkOf } from "../joining/index.ts";
import type { Caller } from "../ports.ts";
import {
  dueRemovals,
  hostedRoom,
  type HostedRoom,
  leavesOfUser,
  proposedRemovals,
  startOf,
  stillHeld,
  storedEpoch,
} from "../room/index.ts";
import type { EpochChange, StoredEpoch, StoredMember } from "../store/index.ts";

/** A commit and all that is accepted or refused with it. */
export type CommitUpload = {
  readonly framing: UpdateFraming;
  readonly commit: Bytes;
  readonly welcome: Bytes | undefined;
  readonly groupInfo: Bytes;
  readonly firstMessage: Submission | undefined;
};

/** A commit that may be accepted as long as the room is the one that it was checked against. */
export type AcceptableCommit = {
  /** The acceptance time by which validity was judged, and which its entry carries (FED-204). */
  readonly at: number;
  readonly next: HostedRoom;
  readonly committer: { readonly leaf: number; readonly client: ClientUri };
  readonly external: boolean;
  /** By which the committer came in, or took a role. */
  readonly usedLink: UsedLink | undefined;
  readonly added: readonly StoredMember[];
  readonly removed: readonly { readonly leaf: number; readonly client: ClientUri }[];
  readonly leafChanges: readonly LeafChange[];
  readonly rosterHash: Bytes;
  /** Removals that this commit left and that are proposed again for the epoch which it starts. */
  readonly externalProposals: readonly Bytes[];
  /** The row of the epoch that begins, and the tree nodes that differ from the one before. */
  readonly epoch: StoredEpoch;
  readonly nodes: EpochChange["nodes"];
  /** Clients that the Welcome names, and until when the tree of the new epoch is kept for them. */
  readonly welcomed: readonly { readonly client: ClientUri; readonly keptUntil: number }[];
  /** The hub that the room has from then on, if it is another one. */
  readonly handOver: NamedHub | undefined;
};

/** All checks that need no transaction: form, MLS, policy, Welcome, and the first message. */
export async function checkCommit(
  context: Pick<DeliveryContext, "env" | "crypto" | "outsiders">,
  hosted: HostedRoom,
  caller: Caller,
  upload: CommitUpload,
): Promise<AcceptableCommit> {
  const at = context.env.now();
  refuseFormer(hosted, caller, upload.framing, "wrongEpoch");
  checkMayCommit(context, hosted, caller, upload);
  checkSuspended(hosted, caller.user, at);
  checkHandshakeFraming(hosted, upload.framing, "invalidCommit");
  checkLeaf(hosted, caller, upload.framing);
  const { commit, groupInfo, welcome } = upload;
  const bundle = { commit, groupInfo, at };
  const checked = await hosted.group.checkCommit(
    welcome === undefined ? bundle : { ...bundle, welcome },
  );
  if (checked.committer.client !== caller.client) {
    throw new Refusal("clientMismatch", "The commit is not the session's client's.");
  }
  checkSafeAad(checked.authenticatedData);
  checkRoster(checked.group);
  const handOver = newHubOf(hosted, checked);
  const { hub, hubKey } = handOver ?? hubOf(hosted);
  checkExternalSenders(checked.group, { domain: hub, key: hubKey });
  const actor = actorOf(context, { hosted, checked, at });
  checkPolicy(hosted, checked, actor);
  checkWelcome(checked, welcome);
  if (handOver !== undefined) checkHandOver(hosted, checked, upload, handOver);
  const { next, externalProposals } = await nextRoom(hosted, checked, at);
  if (upload.firstMessage !== undefined && isEnded(next.view.state)) {
    throw new Refusal("invalidCommit", "Nothing is said in a room that has ended.");
  }
  if (upload.firstMessage !== undefined) checkSubmission(next, caller, upload.firstMessage, at);
  return {
    at,
    next,
    committer: checked.committer,
    external: checked.external,
    usedLink: usedLinkOf(actor, hosted, next),
    added: checked.added.map(({ leaf, client }) => ({ leaf, client, user: userOfClient(client) })),
    removed: checked.removed,
    leafChanges: [
      ...checked.removed.map(({ leaf, client }) => ({ leaf, client, change: "removed" as const })),
      ...checked.added.map(({ leaf, client }) => ({ leaf, client, change: "added" as const })),
    ],
    rosterHash: rosterHash(checked.group.roster, sha256),
    externalProposals,
    epoch: storedEpoch(checked.group, checked.changes, startOf(checked, at)),
    nodes: checked.changes.nodes,
    welcomed: checked.added
      .filter(({ keyPackageRef }) => keyPackageRef !== undefined)
      .map(({ client }) => ({ client, keptUntil: at + LIMITS.keyPackageLifetimeMaxMs })),
    handOver,
  };
}

/**
 * A member commits, or a client comes whose user takes part or may take part. First of all, so that
 * nothing dear is done for anybody else, and nobody else learns where the room stands.
 */
function checkMayCommit(
  { outsiders }: Pick<DeliveryContext, "outsiders">,
  hosted: HostedRoom,
  caller: Caller,
  { framing: { sender }, commit }: CommitUpload,
): void {
  if (sender.kind === "member") {
    checkSender(hosted, caller);
  } else if (mayCome(hosted, caller) === "outside") {
    outsiders.take(caller);
    checkMayTry(hosted, commit);
  }
}

function checkLeaf({ leafOf }: HostedRoom, caller: Caller, { sender }: UpdateFraming): void {
  if (sender.kind === "newMemberCommit") return;
  if (sender.kind !== "member") {
    throw new Refusal("invalidCommit", "Only members and clients that join make commits.");
  }
  if (leafOf.get(caller.client) === sender.leaf) return;
  throw new Refusal("clientMismatch", "The commit is not the session's client's.");
}

/**
 * Whether the client may be in the room because another of its user is, or was in the generation before,
 * or because the room's fixed list names the user; who comes from `outside` needs more. Refuses `removed`:
 * who is about to be removed has no way back before that is done.
 */
export function mayCome(hosted: HostedRoom, caller: Caller): "inside" | "outside" {
  const own = leavesOfUser(hosted, caller.user);
  const leaf = hosted.leafOf.get(caller.client);
  const leaving =
    leaf === undefined
      ? own.length > 0 && own.every((one) => dueRemovals(hosted).has(one))
      : hosted.removals.has(leaf);
  if (leaving) {
    throw new Refusal("removed", "This client leaves the room; nothing is taken from it.");
  }
  const { basePolicy, assignments, predecessor } = hosted.view.state;
  const listed = basePolicy.fixedMembership && assignments.some(({ user }) => user === caller.user);
  const known = own.length > 0 || listed || mayReturn(predecessor, caller.user);
  return known ? "inside" : "outside";
}

function checkSafeAad(data: Bytes): void {
  try {
    decodeSafeAad(data);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("invalidCommit", "The authenticated data is not SafeAAD.", {}, { cause });
  }
}

function checkRoster({ roster }: PublicGroup): void {
  if (roster.length > LIMITS.treeLeavesMax) {
    const limit = LIMITS.treeLeavesMax;
    throw new Refusal("roomFull", "The room is full.", { limitName: "treeLeavesMax", limit });
  }
  if (new Set(roster.map(({ client }) => client)).size !== roster.length) {
    throw new Refusal("invalidCommit", "A client has two leaves.");
  }
}

function checkPolicy(hosted: HostedRoom, checked: CheckedCommit, actor: Actor): void {
  const stateAfter = checked.stateChanged ? decodeRoomState(checked.group.roomState) : undefined;
  const verdict = authorize(hosted.view, actor, {
    added: checked.added.map(({ client, rulesKnown }) => ({
      user: userOfClient(client),
      client,
      rulesKnown,
    })),
    removed: checked.removed.map(({ leaf, client }) => ({ user: userOfClient(client), leaf })),
    stateAfter,
    pendingRemovals: proposedRemovals(hosted),
  });
  if (!verdict.allowed) {
    const data = verdict.leaves === undefined ? {} : { leaves: verdict.leaves };
    throw new Refusal(verdict.code, verdict.reason, data);
  }
  if (stateAfter === undefined) return;
  if (stateAfter.rulesVersion > RULES_VERSION) {
    // FED-746: what it takes next it would have to judge by these rules.
    throw new Refusal("versionUnsupported", "This server does not know these rules.");
  }
  checkHub(hosted, stateAfter);
}

/** A hub, its key and its term change together, or not at all; a key that was left out may come. */
function checkHub({ view: { state }, hubKey }: HostedRoom, after: RoomState): void {
  if (after.hub !== state.hub) return;
  const named = after.hubKey ?? (state.hubKey === undefined ? hubKey.publicKey : undefined);
  const same = named !== undefined && equalBytes(named, hubKey.publicKey);
  if (same && after.term === state.term) return;
  throw new Refusal("invalidCommit", "The hub, its key and its term change together.");
}

function hubOf({ view: { state }, hubKey }: HostedRoom): Pick<NamedHub, "hub" | "hubKey"> {
  return { hub: state.hub, hubKey: hubKey.publicKey };
}

/** The hub that a commit names, if it is another one; MLS has checked that it consents (FED-1122). */
function newHubOf({ view }: HostedRoom, checked: CheckedCommit): NamedHub | undefined {
  if (!checked.stateChanged) return undefined;
  const { hub, hubKey, term } = decodeRoomState(checked.group.roomState);
  return hub === view.state.hub || hubKey === undefined ? undefined : { hub, hubKey, term };
}

/**
 * FED-1123: the new hub has members, and so follows the log; the term is one that nobody had; and
 * nobody comes by the commit, for this server will not be there to let them in.
 */
function checkHandOver(
  hosted: HostedRoom,
  checked: CheckedCommit,
  { firstMessage }: CommitUpload,
  named: NamedHub,
): void {
  const isThere = checked.group.roster.some(({ client }) => domainOf(client) === named.hub);
  if (!isThere) throw new Refusal("notAllowed", "The new hub has no member in the room.");
  if (named.term <= hosted.term) throw new Refusal("staleTerm", "The term has begun before.");
  if (checked.added.length > 0 || firstMessage !== undefined) {
    throw new Refusal("invalidCommit", "Nobody comes with the commit that changes the hub.");
  }
}

/** Each client that is added gets a copy of its own, so that a long Welcome multiplies. */
function checkWelcome({ welcomeRefs }: CheckedCommit, welcome: Bytes | undefined): void {
  const limit = LIMITS.welcomeCopiesBytesMax;
  if ((welcome?.length ?? 0) * welcomeRefs.length <= limit) return;
  const data = { limitName: "welcomeCopiesBytesMax", limit };
  throw new Refusal("limitExceeded", "The Welcome is too long for so many clients.", data);
}

/** The room that the commit leads to; behind an external one with the removals proposed again. */
async function nextRoom(
  hosted: HostedRoom,
  checked: CheckedCommit,
  at: number,
): Promise<{ readonly next: HostedRoom; readonly externalProposals: readonly Bytes[] }> {
  const gone = new Set(checked.removed.map(({ leaf }) => leaf));
  const removals = hosted.removals.difference(gone);
  const held = stillHeld(checked.group.roster, { removals, held: hosted.held });
  const due = [...removals.difference(held)].toSorted((a, b) => a - b);
  // FED-208 and FED-212: behind a member's commit there is a breath until the next ones.
  const proposed = await checked.group.proposeRemovals(
    checked.external ? due.slice(0, LIMITS.removalIntentsPerEpochMax) : [],
    { hubPrivateKey: hosted.hubKey.privateKey },
  );
  const next = hostedRoom({
    ...hosted,
    revision: hosted.revision + 1,
    group: proposed.group,
    removals,
    held,
    starts: [...hosted.starts, { ...startOf(checked, at), epoch: proposed.group.epoch }],
  });
  return { next, externalProposals: proposed.messages };
}
