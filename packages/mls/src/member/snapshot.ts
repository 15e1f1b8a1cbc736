import type { Bytes, GroupUri } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";

import type { PendingRemoval, PublicState } from "../validity/index.ts";
import { unappliedProposals } from "../validity/index.ts";

/** A commit of one's own, and the state it leads to; its past epochs are filled in at adoption. */
export type Prepared = {
  commit: Bytes;
  welcome: Bytes | undefined;
  groupInfo: Bytes;
  epoch: number;
  /** Undefined for an external commit: the group itself stands in the new epoch already. */
  next: ClientState | undefined;
};

/** Everything a member keeps about a group. Never changed in place: every step makes a new one. */
export type Live = {
  readonly kind: "live";
  /** An external commit that the hub has not accepted yet. */
  readonly joining: boolean;
  readonly state: ClientState;
  readonly proposals: readonly PendingRemoval[];
  readonly prepared: Prepared | undefined;
};

/** After the own removal: no secret is left. */
type Gone = {
  readonly kind: "gone";
  readonly group: GroupUri;
  readonly epoch: number;
  readonly ownLeaf: number;
};

export type Snapshot = Live | Gone;

export function publicStateOf(live: Live): PublicState {
  const { groupContext, ratchetTree, confirmationTag } = live.state;
  return { groupContext, ratchetTree, confirmationTag, proposals: live.proposals };
}

/** The snapshot in a new epoch, or with other pending proposals. */
export function liveWith(state: ClientState, proposals: readonly PendingRemoval[]): Live {
  return {
    kind: "live",
    joining: false,
    state: { ...state, unappliedProposals: unappliedProposals(proposals) },
    proposals,
    prepared: undefined,
  };
}

/** Refusals: removed, notMember. */
export function requireMember(snapshot: Snapshot): Live {
  if (snapshot.kind === "gone") throw new Refusal("removed", "this client was removed");
  if (snapshot.joining) throw new Refusal("notMember", "the external commit is not accepted yet");
  return snapshot;
}
