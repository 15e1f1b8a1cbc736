import type { Bytes } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { UnappliedProposals } from "ts-mls/unappliedProposals.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { clientConfig } from "../profile/index.ts";

/** A proposal that waits for a commit: only removals can (architecture §5). */
export type PendingRemoval = {
  ref: Bytes;
  /** The MLSMessage it came in. */
  message: Bytes;
  removes: number;
  /** The member that signed it, or undefined for the hub. */
  senderLeaf: number | undefined;
};

/** What everybody who follows a group knows about it. */
export type PublicState = {
  readonly groupContext: GroupContext;
  readonly ratchetTree: RatchetTree;
  readonly confirmationTag: Uint8Array;
  readonly proposals: readonly PendingRemoval[];
};

export function unappliedProposals(proposals: readonly PendingRemoval[]): UnappliedProposals {
  const unapplied: UnappliedProposals = {};
  for (const { ref, removes, senderLeaf } of proposals) {
    unapplied[bytesToBase64(ref)] = {
      proposal: { proposalType: "remove", remove: { removed: removes } },
      senderLeafIndex: senderLeaf,
    };
  }
  return unapplied;
}

const none = new Uint8Array(32);

/**
 * The library applies proposals to a member's state. This one is of a member without a leaf and
 * with worthless secrets: enough for all that is public.
 */
export function standIn(state: PublicState, at: number): ClientState {
  return {
    groupContext: state.groupContext,
    ratchetTree: state.ratchetTree,
    confirmationTag: state.confirmationTag,
    unappliedProposals: unappliedProposals(state.proposals),
    clientConfig: clientConfig(at),
    privatePath: { leafIndex: -1, privateKeys: {} },
    signaturePrivateKey: none,
    secretTree: { width: 0, inner: {}, leaves: {} },
    historicalReceiverData: new Map(),
    groupActiveState: { kind: "active" },
    keySchedule: {
      senderDataSecret: none,
      exporterSecret: none,
      externalSecret: none,
      confirmationKey: none,
      membershipKey: none,
      resumptionPsk: none,
      epochAuthenticator: none,
      initSecret: none,
    },
  };
}
