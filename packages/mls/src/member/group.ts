import type { Bytes, GroupUri } from "@treehouse/protocol";
import { copyBytes, equalBytes, Refusal } from "@treehouse/protocol";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { LeafNode } from "ts-mls/leafNode.js";
import { mlsExporter } from "ts-mls/keySchedule.js";

import { toTsMls } from "../crypto/index.ts";
import { type LeafEntry, leavesOf, readLeaf } from "../tree/index.ts";
import { readContext } from "../validity/index.ts";
import { decodeUntrusted, encodeTree, groupInfoKind } from "../wire/index.ts";
import { adopt } from "./adopt.ts";
import { changesBetween } from "./changes.ts";
import { decrypt } from "./decrypt.ts";
import { encrypt, messagesSent } from "./encrypt.ts";
import { Ephemerals } from "./ephemeral.ts";
import type {
  ClientIdentity,
  CommitIntent,
  CommitResult,
  DecryptedMessage,
  EphemeralClocks,
  EphemeralSaid,
  GroupChanges,
  GroupMember,
  MemberContext,
  MemberGroup,
  OpenedEphemeral,
  PreparedCommit,
  ProposalResult,
} from "./face.ts";
import { encodePrepared } from "./prepared-row.ts";
import { prepareCommit } from "./prepare-commit.ts";
import { processCommit } from "./process-commit.ts";
import { processProposal } from "./process-proposal.ts";
import { proposeRemoval } from "./propose-removal.ts";
import { ROW } from "./row-names.ts";
import type { Live, Prepared, Snapshot } from "./snapshot.ts";
import { requireMember } from "./snapshot.ts";

/**
 * The one writer of a group: two steps from one state would use one key twice, so steps wait for
 * one another, and a step that fails leaves the snapshot where it was.
 */
export class Group implements MemberGroup {
  readonly #context: MemberContext;
  #current: Snapshot;
  readonly #ephemerals: Ephemerals;
  /** What the rows that were taken say. */
  #taken: Snapshot | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #members: { tree: RatchetTree; list: readonly GroupMember[] } | undefined;
  #face: { prepared: Prepared; face: PreparedCommit } | undefined;

  constructor(
    context: MemberContext,
    identity: ClientIdentity,
    current: Snapshot,
    taken: Snapshot | undefined,
  ) {
    this.#context = context;
    this.#ephemerals = new Ephemerals(context.crypto);
    const withKey = withSignatureKey(current, identity);
    this.#taken = taken === current ? withKey : taken;
    this.#current = withKey;
  }

  get group(): GroupUri {
    const current = this.#current;
    return current.kind === "gone" ? current.group : readContext(current.state.groupContext).group;
  }

  get epoch(): number {
    const current = this.#current;
    return current.kind === "gone" ? current.epoch : Number(current.state.groupContext.epoch);
  }

  get ownLeaf(): number {
    const current = this.#current;
    return current.kind === "gone" ? current.ownLeaf : current.state.privatePath.leafIndex;
  }

  get active(): boolean {
    return this.#current.kind === "live" && !this.#current.joining;
  }

  get prepared(): PreparedCommit | undefined {
    const current = this.#current;
    if (current.kind === "gone" || current.prepared === undefined) return undefined;
    const { prepared } = current;
    if (this.#face?.prepared !== prepared) {
      this.#face = { prepared, face: preparedFace(current, prepared) };
    }
    return this.#face.face;
  }

  get pendingRemovals(): readonly number[] {
    const current = this.#current;
    return current.kind === "gone" ? [] : current.proposals.map(({ removes }) => removes);
  }

  get messagesSentInEpoch(): number {
    return this.#current.kind === "gone" ? 0 : messagesSent(this.#current);
  }

  members(): readonly GroupMember[] {
    if (this.#current.kind === "gone") return [];
    const tree = this.#current.state.ratchetTree;
    if (this.#members?.tree !== tree) {
      const list = leavesOf(tree).map(memberAt);
      this.#members = { tree, list };
    }
    return this.#members.list;
  }

  roomState(): Bytes {
    return readContext(this.#live().state.groupContext).roomState;
  }

  epochAuthenticator(): Bytes {
    return copyBytes(this.#live().state.keySchedule.epochAuthenticator);
  }

  treeHash(): Bytes {
    return copyBytes(this.#live().state.groupContext.treeHash);
  }

  confirmedTranscriptHash(): Bytes {
    return copyBytes(this.#live().state.groupContext.confirmedTranscriptHash);
  }

  ratchetTree(): Bytes {
    return encodeTree(this.#live().state.ratchetTree);
  }

  prepareCommit(intent: CommitIntent, authenticatedData: Bytes): Promise<PreparedCommit> {
    return this.#step(async (live) => {
      const next = await prepareCommit(this.#context, live, intent, authenticatedData);
      this.#current = next;
      const { prepared } = this;
      if (prepared === undefined) throw new Error("A commit was prepared and is not there.");
      return prepared;
    });
  }

  adopt(prepared: PreparedCommit): Promise<void> {
    return this.#serve(async () => {
      const live = this.#live();
      const waiting = live.prepared;
      if (waiting === undefined && isIn(live, prepared)) return;
      if (waiting === undefined || !equalBytes(waiting.commit, prepared.commit)) {
        throw new Refusal("conflict", "this commit is not the one that was prepared");
      }
      if (!live.joining) await this.#ephemerals.keep(live);
      this.#current = adopt(live);
    });
  }

  discard(): Promise<void> {
    return this.#serve(async () => {
      const current = this.#current;
      if (current.kind === "gone" || current.prepared === undefined) return;
      if (!current.joining) {
        this.#current = { ...current, prepared: undefined };
        return;
      }
      const { group, epoch, ownLeaf } = this;
      this.#current = { kind: "gone", group, epoch, ownLeaf };
    });
  }

  proposeRemoval(leaf: number, authenticatedData: Bytes): Promise<Bytes> {
    return this.#step((live) => proposeRemoval(this.#context, live, leaf, authenticatedData));
  }

  processCommit(message: Bytes, accepted: { acceptedAt: number }): Promise<CommitResult> {
    return this.#step(async (live) => {
      const done = await processCommit(this.#context, live, message, accepted.acceptedAt);
      if (done.snapshot.kind === "gone") this.#ephemerals.forget();
      else await this.#ephemerals.keep(live);
      this.#current = done.snapshot;
      return done.result;
    });
  }

  processProposal(message: Bytes): Promise<ProposalResult> {
    return this.#step(async (live) => {
      const done = await processProposal(this.#context, live, message);
      this.#current = done.snapshot;
      return done.result;
    });
  }

  encrypt(plaintext: Bytes, authenticatedData: Bytes): Promise<Bytes> {
    return this.#step(async (live) => {
      const done = await encrypt(this.#context, live, plaintext, authenticatedData);
      this.#current = done.snapshot;
      return done.message;
    });
  }

  decrypt(message: Bytes): Promise<DecryptedMessage> {
    return this.#step(async (live) => {
      const done = await decrypt(this.#context, live, message);
      this.#current = done.snapshot;
      return done.message;
    });
  }

  sealEphemeral(said: EphemeralSaid): Promise<Bytes> {
    return this.#step((live) => this.#ephemerals.seal(live, said));
  }

  openEphemeral(message: Bytes, clocks: EphemeralClocks): Promise<OpenedEphemeral> {
    return this.#step((live) => this.#ephemerals.open(live, message, clocks));
  }

  exportSecret(label: string, context: Bytes, length: number): Promise<Bytes> {
    return this.#step(async ({ state }) => {
      const cs = toTsMls(this.#context.crypto);
      const { exporterSecret } = state.keySchedule;
      return copyBytes(await mlsExporter(exporterSecret, label, context, length, cs));
    });
  }

  takeChanges(): GroupChanges {
    const changes = changesBetween(this.#taken, this.#current);
    this.#taken = this.#current;
    return changes;
  }

  #live(): Live {
    if (this.#current.kind === "gone") throw new Refusal("removed", "this client was removed");
    return this.#current;
  }

  #step<T>(run: (live: Live) => Promise<T>): Promise<T> {
    return this.#serve(() => run(requireMember(this.#current)));
  }

  #serve<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(run);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

const members = new WeakMap<LeafNode, GroupMember>();

/** A leaf that stays is the same member. */
function memberAt({ leaf, node }: LeafEntry): GroupMember {
  const known = members.get(node);
  if (known?.leaf === leaf) return known;
  const member = { leaf, ...readLeaf(node) };
  members.set(node, member);
  return member;
}

function preparedFace(live: Live, prepared: Prepared): PreparedCommit {
  const { commit, welcome, groupInfo, epoch } = prepared;
  const rows = live.joining
    ? changesBetween(undefined, live)
    : { put: new Map([[ROW.prepared, encodePrepared(live.state, prepared)]]), delete: [] };
  return { commit, groupInfo, epoch, rows, ...(welcome === undefined ? {} : { welcome }) };
}

/** Whether the group stands in the very epoch that the commit leads to, as after its echo. */
function isIn({ state }: Live, { groupInfo }: PreparedCommit): boolean {
  const { confirmationTag } = decodeUntrusted(groupInfoKind, groupInfo);
  return equalBytes(confirmationTag, state.confirmationTag);
}

/** Rows never hold the signature key, so it is put into every state that comes in. */
function withSignatureKey(snapshot: Snapshot, identity: ClientIdentity): Snapshot {
  if (snapshot.kind === "gone") return snapshot;
  const { signaturePrivateKey } = identity;
  const next = snapshot.prepared?.next;
  return {
    ...snapshot,
    state: { ...snapshot.state, signaturePrivateKey },
    prepared: snapshot.prepared && {
      ...snapshot.prepared,
      next: next && { ...next, signaturePrivateKey },
    },
  };
}
