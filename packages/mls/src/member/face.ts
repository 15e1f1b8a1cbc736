import type { Bytes, ClientUri, GroupUri, LeafIdentity, UserUri } from "@treehouse/protocol";

import type { MlsCrypto } from "../crypto/index.ts";

/** Randomness comes from `crypto`; `now` is milliseconds since the Unix epoch. */
export type MemberContext = {
  crypto: MlsCrypto;
  now(): number;
  /** The highest rules version that the own leaves say is known (FED-745); unless given, this program's. */
  rulesKnown?: number;
};

/** One client's keys. They are passed at every load and never stored in the rows of a group. */
export type ClientIdentity = {
  client: ClientUri;
  signaturePrivateKey: Bytes;
  signaturePublicKey: Bytes;
  /** An encoded LeafIdentity: data of the leaf extension 0xf001. */
  leafIdentity: Bytes;
};

export type CreatedKeyPackage = {
  keyPackage: Bytes;
  ref: Bytes;
  /** The private half together with the KeyPackage. Delete it once a Welcome was joined (T-24). */
  secret: Bytes;
  /** Milliseconds since the Unix epoch. */
  notAfter: number;
};

/**
 * Rows that changed since they were last taken. Keys name rows of one group only. Write them in
 * the transaction of whatever depends on them: a ciphertext must not leave before its ratchet row
 * is durable, and a plaintext is stored with the row of the ratchet that opened it.
 */
export type GroupChanges = {
  put: ReadonlyMap<string, Bytes>;
  delete: readonly string[];
};

export type GroupMember = {
  leaf: number;
  client: ClientUri;
  user: UserUri;
  signatureKey: Bytes;
  identity: LeafIdentity;
  /** The highest rules version that the client knows (FED-745). */
  rulesKnown: number;
};

export type CommitIntent = {
  /** KeyPackages, encoded. */
  add?: readonly Bytes[];
  /** Leaf indices. Leaves with a pending removal proposal are removed in any case. */
  remove?: readonly number[];
  /** The new dictionary (extension 0x0006). */
  roomState?: Bytes;
  /** A new encoded LeafIdentity of the own leaf, for example after a new device-signing key. */
  updateLeafIdentity?: Bytes;
  /** Extensions (types from 0xf000 up) of the GroupInfo inside the Welcome only: for joiners' eyes. */
  welcomeExtensions?: readonly WelcomeExtension[];
};

/** Travels encrypted to the joiners; `joinWelcome` answers it as `groupInfoExtensions`. */
export type WelcomeExtension = { readonly extensionType: number; readonly data: Bytes };

/** A commit that is ready to be uploaded. The group still stands in the epoch before it. */
export type PreparedCommit = {
  /** MLSMessage (PublicMessage). Repeat these very bytes when the outcome is unknown. */
  readonly commit: Bytes;
  /** One Welcome for all that were added. */
  readonly welcome?: Bytes;
  /** GroupInfo of the new epoch, signed by the committer, without tree. */
  readonly groupInfo: Bytes;
  /** The epoch the commit starts. */
  readonly epoch: number;
  /** Keep these durable before the upload: then it can be adopted or discarded after a crash. */
  readonly rows: GroupChanges;
};

export type CommitResult = {
  committer: { leaf: number; client: ClientUri };
  /** A client joined by its own external commit. It is listed in `added` too. */
  external: boolean;
  added: readonly { leaf: number; client: ClientUri; rulesKnown: number }[];
  removed: readonly { leaf: number; client: ClientUri }[];
  removedSelf: boolean;
  roomStateChanged: boolean;
  authenticatedData: Bytes;
};

export type ProposalResult = { ref: Bytes; removes: number; senderLeaf: number | undefined };

export type DecryptedMessage = {
  leaf: number;
  /** From the leaf of the message's epoch, never from an envelope. */
  client: ClientUri;
  epoch: number;
  generation: number;
  plaintext: Bytes;
  authenticatedData: Bytes;
};

/** What is sealed for whoever is connected, and stored nowhere. */
export type EphemeralSaid = {
  /** By the hub's clock, as far as it is known. */
  readonly sentAt: number;
  readonly mediaType: string;
  readonly content: Bytes;
};

/** When the hub took an ephemeral message, and the time now by the same clock. */
export type EphemeralClocks = { readonly acceptedAt: number; readonly now: number };

export type OpenedEphemeral = EphemeralSaid & {
  readonly leaf: number;
  /** From the leaf that signed, never from an envelope. */
  readonly client: ClientUri;
  readonly epoch: number;
};

/**
 * One group as one client sees it. Calls are served one after another in the order they were
 * made. Refusals: malformed, wrongEpoch, invalidCommit, invalidProposal, invalidMessage,
 * invalidKeyPackage, identityInvalid, removalPending, removed, limitExceeded.
 */
export interface MemberGroup {
  readonly group: GroupUri;
  readonly epoch: number;
  readonly ownLeaf: number;
  /** False before an external commit was adopted, and for good after the own removal. */
  readonly active: boolean;
  /** The commit that was prepared and neither adopted nor discarded, also after a reload. */
  readonly prepared: PreparedCommit | undefined;
  /** Leaves with a removal proposal of this epoch. While any is pending `encrypt` refuses. */
  readonly pendingRemovals: readonly number[];
  /** Own application messages of this epoch; `encrypt` refuses beyond 4,000. */
  readonly messagesSentInEpoch: number;
  members(): readonly GroupMember[];
  roomState(): Bytes;
  epochAuthenticator(): Bytes;
  treeHash(): Bytes;
  confirmedTranscriptHash(): Bytes;
  /** The public tree, as it stands in the ratchet_tree extension. */
  ratchetTree(): Bytes;
  /** Replaces a commit that was prepared before. Pending removal proposals are always included. */
  prepareCommit(intent: CommitIntent, authenticatedData: Bytes): Promise<PreparedCommit>;
  /** Second phase: the hub accepted it. */
  adopt(prepared: PreparedCommit): Promise<void>;
  /** The hub refused it, or another commit won. Without a prepared commit it does nothing. */
  discard(): Promise<void>;
  /** Signs a proposal to remove `leaf`. It is pending here as soon as its own echo is processed. */
  proposeRemoval(leaf: number, authenticatedData: Bytes): Promise<Bytes>;
  /** Another member's commit discards a prepared one; the own commit's echo adopts it. */
  processCommit(message: Bytes, accepted: { acceptedAt: number }): Promise<CommitResult>;
  processProposal(message: Bytes): Promise<ProposalResult>;
  /** Returns an MLSMessage (PrivateMessage). */
  encrypt(plaintext: Bytes, authenticatedData: Bytes): Promise<Bytes>;
  decrypt(message: Bytes): Promise<DecryptedMessage>;
  /**
   * Seals what is never stored for this epoch's members, signed by the own leaf; answers an
   * `EphemeralMessage`. It uses up no key. Refuses removalPending and tooLarge.
   */
  sealEphemeral(said: EphemeralSaid): Promise<Bytes>;
  /**
   * Opens such a message of this epoch, or of one that ended while this object held the group. Each
   * counts once, and for a short time.
   */
  openEphemeral(message: Bytes, clocks: EphemeralClocks): Promise<OpenedEphemeral>;
  /** The MLS exporter of the current epoch (RFC 9420 §8.5). */
  exportSecret(label: string, context: Bytes, length: number): Promise<Bytes>;
  /** Everything that changed since the last take. After a failed write reload the group. */
  takeChanges(): GroupChanges;
}
