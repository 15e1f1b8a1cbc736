import type { ClientUri, UserUri } from "../identifiers/index.ts";
import type { RefusalCode } from "../refusals/index.ts";
import type { JoinLink, RoomState } from "../room/index.ts";
import type { Participant, RoomView } from "./room-view.ts";
import { participantsOf } from "./room-view.ts";

/** Who makes a change: a member's commit, the hub's proposals, or an external commit. */
export type Actor =
  | {
      readonly kind: "member";
      readonly user: UserUri;
      /** Of which the commit carries a ticket that holds. */
      readonly link?: JoinLink | undefined;
    }
  | { readonly kind: "hub" }
  | {
      readonly kind: "joiner";
      readonly user: UserUri;
      readonly resync: boolean;
      readonly link?: JoinLink | undefined;
    };

/** What one commit (or one set of hub proposals) changes, its proposals by reference included. */
export interface RoomChange {
  readonly added: readonly {
    readonly user: UserUri;
    readonly client: ClientUri;
    /** The highest rules version that it knows (FED-745); 1 if it does not say. */
    readonly rulesKnown?: number;
  }[];
  readonly removed: readonly { readonly user: UserUri; readonly leaf: number }[];
  /** `undefined` = the dictionary stays as it is. */
  readonly stateAfter: RoomState | undefined;
  /** Leaves whose removal the hub has proposed in this epoch. */
  readonly pendingRemovals: readonly number[];
}

export type Verdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly code: RefusalCode;
      readonly reason: string;
      /** The capability that would have been needed, where one would have helped. */
      readonly capability?: number;
      /** With `removalPending`: what the commit must remove too; with `versionUnsupported`: who is behind. */
      readonly leaves?: readonly number[];
    };

export const ALLOWED: Verdict = { allowed: true };

/**
 * Stands for the leaf of a client that a commit adds while its place in the tree is not known: a
 * successor is thus always sought among those who were there before.
 */
export const UNPLACED_LEAF = 2 ** 32;

/** The participants once the change is made; added clients hold `UNPLACED_LEAF` and above. */
export function participantsAfter(view: RoomView, change: RoomChange): readonly Participant[] {
  // Most commits touch nobody, and rooms are large.
  if (change.added.length + change.removed.length === 0) {
    return view.participants.filter(({ leaves }) => leaves.length > 0);
  }
  const gone = new Set(change.removed.map(({ user, leaf }) => `${leaf} ${user}`));
  const leaves = new Map<UserUri, number[]>();
  for (const { user, leaves: before } of view.participants) {
    const kept = before.filter((leaf) => !gone.has(`${leaf} ${user}`));
    leaves.set(user, [...(leaves.get(user) ?? []), ...kept]);
  }
  change.added.forEach(({ user }, index) => {
    leaves.set(user, [...(leaves.get(user) ?? []), UNPLACED_LEAF + index]);
  });
  return participantsOf(leaves);
}

export function refused(code: RefusalCode, reason: string, capability?: number): Verdict {
  return capability === undefined
    ? { allowed: false, code, reason }
    : { allowed: false, code, reason, capability };
}
