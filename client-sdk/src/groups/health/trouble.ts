import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  type CommitEntry,
  LIMITS,
  peekMlsMessage,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";

/** A commit of the own epoch that this client could not apply, until it is known what becomes of it. */
export type Trouble = {
  /** Its entry. */
  readonly position: number;
  readonly hash: Bytes;
  /** The epoch that it ends. */
  readonly epoch: number;
  readonly committer: UserUri | undefined;
  /** Others have to judge as well: the hub may void the commit. */
  readonly mayBeVoid: boolean;
  /** This client's word counts. */
  readonly mayReport: boolean;
  /** The last entry of the log that was looked at; nothing of it is applied. */
  tail: { readonly position: number; readonly hash: Bytes };
  isReported: boolean;
  /** Somebody else has applied it, or the room has gone on: it stands. */
  stands: boolean;
  /** When this client comes back by a commit of its own; monotonic. */
  returnsAt: number;
};

/** How long a void is waited for: the hub's patience, and the way there and back. */
const patienceMs = LIMITS.healthGraceMs + 4_000;
const spreadPerMemberMs = 50;
const spreadMaxMs = 20_000;

export function troubleOf(
  context: GroupsContext,
  group: MemberGroup,
  entry: CommitEntry,
  hash: Bytes,
): Trouble {
  const committer = committerOf(group, entry);
  const gone = new Set(
    entry.leafChanges.filter(({ change }) => change === "removed").map(({ leaf }) => leaf),
  );
  const standing = group.members().filter(({ leaf }) => !gone.has(leaf));
  const voters = new Set(standing.map(({ user }) => user));
  if (committer !== undefined) voters.delete(committer);
  const mayBeVoid = committer !== undefined && voters.size >= LIMITS.voidFaultsMin;
  const { position, epoch } = entry;
  return {
    position,
    hash,
    epoch,
    committer,
    mayBeVoid,
    mayReport:
      mayBeVoid &&
      committer !== context.self.user &&
      standing.some(({ leaf }) => leaf === group.ownLeaf),
    tail: { position, hash },
    isReported: false,
    stands: false,
    returnsAt: context.env.monotonic() + (mayBeVoid ? patienceMs : spread(context, group)),
  };
}

/** It will not be voided: this client comes back, and not at the same time as all others. */
export function noteStands(context: GroupsContext, room: Room, trouble: Trouble): void {
  if (trouble.stands) return;
  trouble.stands = true;
  const soon =
    context.env.monotonic() + (room.group === undefined ? 0 : spread(context, room.group));
  trouble.returnsAt = Math.min(trouble.returnsAt, soon);
}

/** Between nothing and a time that grows with the room. Few need not wait for each other. */
function spread({ env }: GroupsContext, group: MemberGroup): number {
  const members = group.members().length;
  if (members <= LIMITS.voidFaultsMin + 1) return 0;
  const [first = 0, second = 0] = env.random(2);
  return Math.min(spreadMaxMs, members * spreadPerMemberMs) * ((first * 256 + second) / 65_536);
}

/** The user of the leaf that committed, or that came by the commit; undefined when it cannot be read. */
export function committerOf(
  group: MemberGroup,
  { commit, leafChanges }: Pick<CommitEntry, "commit" | "leafChanges">,
): UserUri | undefined {
  const framing = peekMlsMessage(commit);
  if (framing.wireFormat !== "public") return undefined;
  const { sender } = framing;
  if (sender.kind === "member") {
    return group.members().find(({ leaf }) => leaf === sender.leaf)?.user;
  }
  const came = leafChanges.find(({ change }) => change === "added");
  return came && userOfClient(came.client);
}
