import type { Bytes, ClientUri, Domain, GroupUri, LeafIdentity } from "@treehouse/protocol";

import type { MlsCrypto } from "../crypto/index.ts";

export type { CheckedKeyPackage } from "../validity/index.ts";

export type PublicContext = { crypto: MlsCrypto };

export type Place = { leaf: number; client: ClientUri };

export type RosterEntry = Place & {
  /** The highest rules version that the client knows (FED-745). */
  rulesKnown: number;
};

export type StoredProposal = { ref: Bytes; message: Bytes };

/** The complete public group. `groupContext` begins with the MLS version, `nodes` are encoded. */
export type StoredPublicGroup = {
  groupContext: Bytes;
  confirmationTag: Bytes;
  groupInfo: Bytes;
  /** Number of nodes, 2^k - 1. */
  size: number;
  /** By node index; blank nodes are absent. */
  nodes: ReadonlyMap<number, Bytes>;
  proposals: readonly StoredProposal[];
};

/** What one commit changed: apply it to a StoredPublicGroup. Pending proposals all go. */
export type PublicChanges = {
  /** Ascending. `undefined` means the node is blank now or lies beyond `size`. */
  nodes: readonly { index: number; node: Bytes | undefined }[];
  size: number;
  groupContext: Bytes;
  confirmationTag: Bytes;
  groupInfo: Bytes;
};

export type CommitBundle = {
  /** MLSMessage (PublicMessage). */
  commit: Bytes;
  /** GroupInfo of the new epoch, signed by the committer, without tree. */
  groupInfo: Bytes;
  /** Welcome, present exactly when clients are added by KeyPackage. */
  welcome?: Bytes;
  /** Acceptance time, milliseconds since the Unix epoch. */
  at: number;
};

/** A commit of one's own log. */
export type ReplayedCommit = {
  commit: Bytes;
  /** The acceptance time that its entry has. */
  at: number;
  /** Of the epoch that it begins, if it is still known. */
  groupInfo?: Bytes;
};

export type CheckedProposals = {
  group: PublicGroup;
  /** The member that signed them, or undefined for the hub. */
  senderLeaf: number | undefined;
  removes: readonly number[];
};

export type CheckedCommit = {
  /** The group after the commit. */
  group: PublicGroup;
  committer: Place;
  external: boolean;
  /** `keyPackageRef` is undefined for a client that came by external commit. */
  added: readonly (RosterEntry & { keyPackageRef: Bytes | undefined })[];
  removed: readonly Place[];
  /** Leaves with a pending removal proposal that this commit removed. */
  proposedRemovalsDone: readonly number[];
  /** Pending removals an external commit left: the hub proposes them again. */
  proposedRemovalsLeft: readonly number[];
  /** In the order of the Welcome. */
  welcomeRefs: readonly Bytes[];
  stateChanged: boolean;
  authenticatedData: Bytes;
  changes: PublicChanges;
};

/**
 * A group as a server sees it. Immutable: every check answers a new group that shares its
 * unchanged nodes. Refusals: malformed, wrongEpoch, invalidCommit, invalidProposal,
 * invalidKeyPackage, identityInvalid, removalPending, tooLarge, limitExceeded.
 */
export interface PublicGroup {
  readonly group: GroupUri;
  readonly epoch: number;
  readonly treeHash: Bytes;
  readonly confirmedTranscriptHash: Bytes;
  /** Ascending by leaf. */
  readonly roster: readonly RosterEntry[];
  /** The dictionary (extension 0x0006). */
  readonly roomState: Bytes;
  readonly groupContext: Bytes;
  readonly externalSenders: readonly { signatureKey: Bytes; identity: Domain }[];
  /** The last accepted GroupInfo. */
  readonly groupInfo: Bytes;
  readonly pendingProposals: readonly { ref: Bytes; message: Bytes; removes: number }[];
  signatureKeyOf(leaf: number): Bytes;
  leafIdentityOf(leaf: number): LeafIdentity;
  /** Either all messages are taken or none. All must have one sender. */
  checkProposals(messages: readonly Bytes[], at: number): Promise<CheckedProposals>;
  checkCommit(bundle: CommitBundle): Promise<CheckedCommit>;
  /** Like `checkCommit`, for what was accepted once: without Welcome, and even without GroupInfo. */
  replayCommit(replayed: ReplayedCommit): Promise<CheckedCommit>;
  /** As external sender 0. Leaves already proposed are left out; at most 50 may be pending. */
  proposeRemovals(
    leaves: readonly number[],
    sign: { hubPrivateKey: Bytes },
  ): Promise<{ group: PublicGroup; messages: readonly Bytes[] }>;
  store(): StoredPublicGroup;
  /** Encoded as the ratchet_tree extension. */
  ratchetTree(): Bytes;
}
