import type { Bytes, ClientUri, Domain, GroupUri } from "@treehouse/protocol";

/**
 * What the suite needs of MLS and OPAQUE, neither of which this package implements: its people are
 * members of groups and have passwords. The launcher supplies it; whoever distrusts ours for the
 * tests of another server brings another.
 */
export interface Driver {
  createKeyPackage(
    identity: MlsIdentity,
    options: { readonly lifetimeMs: number; readonly lastResort: boolean },
  ): Promise<MadeKeyPackage>;
  createGroup(identity: MlsIdentity, founding: GroupFounding): Promise<FoundedGroup>;
  joinWelcome(
    identity: MlsIdentity,
    invitation: {
      readonly welcome: Bytes;
      readonly ratchetTree: Bytes;
      /** The `secret` of the KeyPackage with this reference. */
      readonly secrets: (ref: Bytes) => Bytes | undefined;
      /** When the hub accepted the commit. */
      readonly at: number;
    },
  ): Promise<{ readonly group: MlsGroup }>;
  joinExternal(
    identity: MlsIdentity,
    invitation: {
      readonly groupInfo: Bytes;
      readonly ratchetTree: Bytes;
      readonly authenticatedData: Bytes;
      readonly at: number;
    },
  ): Promise<{ readonly group: MlsGroup; readonly prepared: PreparedCommit }>;
  /** HPKE of ciphersuite 1 in base mode (RFC 9180). */
  readonly hpke: {
    generateKeyPair(): { readonly privateKey: Bytes; readonly publicKey: Bytes };
    open(
      privateKey: Bytes,
      sealed: { readonly kemOutput: Bytes; readonly ciphertext: Bytes },
      info: Bytes,
    ): Bytes;
  };
  /** The first message of an OPAQUE registration (RFC 9807), and what makes the record. */
  startRegistration(password: string): Promise<PasswordRegistration>;
}

/** One client's keys. */
export interface MlsIdentity {
  readonly client: ClientUri;
  /** A seed of RFC 8032 §5.1.5. */
  readonly signaturePrivateKey: Bytes;
  readonly signaturePublicKey: Bytes;
  /** An encoded LeafIdentity. */
  readonly leafIdentity: Bytes;
}

export interface MadeKeyPackage {
  readonly keyPackage: Bytes;
  readonly ref: Bytes;
  /** The private half; opaque to the suite. */
  readonly secret: Bytes;
}

interface GroupFounding {
  readonly group: GroupUri;
  /** An encoded room state (page 7). */
  readonly roomState: Bytes;
  readonly hubKey: Bytes;
  readonly hubDomain: Domain;
}

interface FoundedGroup {
  readonly group: MlsGroup;
  readonly groupInfo: Bytes;
  readonly ratchetTree: Bytes;
}

/** A commit that is made and not yet in force: `adopt` it, or `discard` it. */
export interface PreparedCommit {
  /** An MLSMessage (PublicMessage). */
  readonly commit: Bytes;
  readonly welcome?: Bytes;
  readonly groupInfo: Bytes;
}

/** A group as one client sees it. */
export interface MlsGroup {
  readonly epoch: number;
  readonly ownLeaf: number;
  /** False after the own removal. */
  readonly active: boolean;
  members(): readonly { readonly leaf: number; readonly client: ClientUri }[];
  treeHash(): Bytes;
  /** The content of a ratchet_tree extension. */
  ratchetTree(): Bytes;
  prepareCommit(
    intent: { readonly add?: readonly Bytes[]; readonly remove?: readonly number[] },
    authenticatedData: Bytes,
  ): Promise<PreparedCommit>;
  adopt(prepared: PreparedCommit): Promise<void>;
  discard(): Promise<void>;
  processCommit(message: Bytes, accepted: { readonly acceptedAt: number }): Promise<unknown>;
  processProposal(message: Bytes): Promise<unknown>;
  /** Answers an MLSMessage (PublicMessage). */
  proposeRemoval(leaf: number, authenticatedData: Bytes): Promise<Bytes>;
  /** Answers an MLSMessage (PrivateMessage). */
  encrypt(plaintext: Bytes, authenticatedData: Bytes): Promise<Bytes>;
  decrypt(message: Bytes): Promise<{ readonly plaintext: Bytes }>;
}

export interface PasswordRegistration {
  readonly request: string;
  finish(response: string): { readonly record: string };
}
