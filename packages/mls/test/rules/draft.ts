import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { FramedContentCommit } from "ts-mls/framedContent.js";
import { createContentCommitSignature } from "ts-mls/framedContent.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { encodeGroupInfo, signGroupInfo } from "ts-mls/groupInfo.js";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { signKeyPackage } from "ts-mls/keyPackage.js";
import type { LeafNodeCommit } from "ts-mls/leafNode.js";
import { signLeafNodeCommit, signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import { protectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { ProposalOrRef } from "ts-mls/proposalOrRefType.js";
import type { UpdatePath } from "ts-mls/updatePath.js";
import type { Welcome } from "ts-mls/welcome.js";
import { encodeWelcome } from "ts-mls/welcome.js";

import {
  decodeUntrusted,
  groupInfoKind,
  handshakeKind,
  welcomeKind,
} from "../../src/wire/index.ts";
import { encodePublic } from "../fuzz/forge.ts";
import type { Newcomer } from "../world/room.ts";
import type { Base, Lab } from "./lab.ts";

/** A commit that is being changed; whoever changes it has all that its author has. */
export type Draft = {
  readonly base: Base;
  readonly content: FramedContentCommit;
  readonly confirmationTag: Uint8Array;
  readonly signatureKey: Uint8Array;
  readonly membershipKey: Uint8Array;
  /** Without: the commit's signature is as it was, whatever its content is now. */
  readonly signed: boolean;
  readonly signature: Uint8Array;
};

export function draftOf(base: Base): Draft {
  const { content, auth } = decodeUntrusted(handshakeKind, base.commit);
  if (content.contentType !== "commit" || auth.contentType !== "commit") {
    throw new Error("Not a commit.");
  }
  const { confirmationTag, signature } = auth;
  return {
    base,
    content,
    confirmationTag,
    signature,
    signatureKey: base.signatureKey,
    membershipKey: base.state.keySchedule.membershipKey,
    signed: true,
  };
}

/** Signed and framed as its author would. Ed25519 is deterministic: no change, no other octets. */
export async function sealed({ cs }: Lab, draft: Draft): Promise<Bytes> {
  const { base, content, confirmationTag, signatureKey } = draft;
  const { groupId, epoch, authenticatedData, sender, commit } = content;
  const context = { ...base.state.groupContext, groupId, epoch };
  const { signature } = draft.signed
    ? await createContentCommitSignature(
        context,
        "mls_public_message",
        commit,
        sender,
        authenticatedData,
        signatureKey,
        cs.signature,
      )
    : draft;
  const publicMessage = await protectPublicMessage(
    draft.membershipKey,
    context,
    {
      wireformat: "mls_public_message",
      content,
      auth: { contentType: "commit", signature, confirmationTag },
    },
    cs,
  );
  return encodePublic(publicMessage);
}

export const byValue = (proposal: Proposal): ProposalOrRef => ({
  proposalOrRefType: "proposal",
  proposal,
});

export function withProposals(
  draft: Draft,
  change: (proposals: readonly ProposalOrRef[]) => readonly ProposalOrRef[],
): Draft {
  const { commit } = draft.content;
  return withCommit(draft, { ...commit, proposals: [...change(commit.proposals)] });
}

/** As `withProposals`, for a list by value. */
export function withValues(
  draft: Draft,
  change: (proposals: readonly Proposal[]) => readonly Proposal[],
): Draft {
  return withProposals(draft, (proposals) =>
    change(
      proposals.map((one) => {
        if (one.proposalOrRefType !== "proposal") throw new Error("By reference.");
        return one.proposal;
      }),
    ).map(byValue),
  );
}

export function withPath(draft: Draft, change: (path: UpdatePath) => UpdatePath): Draft {
  const { commit } = draft.content;
  if (commit.path === undefined) throw new Error("The commit has no path.");
  return withCommit(draft, { ...commit, path: change(commit.path) });
}

function withCommit(draft: Draft, commit: FramedContentCommit["commit"]): Draft {
  return { ...draft, content: { ...draft.content, commit } };
}

/** The path's leaf, changed and signed again. */
export async function withPathLeaf(
  { cs }: Lab,
  draft: Draft,
  change: (leaf: LeafNodeCommit) => LeafNodeCommit,
): Promise<Draft> {
  const { path } = draft.content.commit;
  if (path === undefined) throw new Error("The commit has no path.");
  const { groupId } = draft.base.state.groupContext;
  const changed = change(path.leafNode);
  const tbs = {
    ...changed,
    leafNodeSource: "commit" as const,
    groupId,
    leafIndex: draft.base.committerLeaf,
  };
  const { signature } = await signLeafNodeCommit(tbs, draft.signatureKey, cs.signature);
  return withPath(draft, (one) => ({ ...one, leafNode: { ...changed, signature } }));
}

export type KeyPackageChange = (keyPackage: KeyPackage) => KeyPackage;

/** A KeyPackage, changed and signed again by its owner. */
export async function changedKeyPackage(
  { cs }: Lab,
  keyPackage: KeyPackage,
  owner: Newcomer,
  change: KeyPackageChange,
): Promise<KeyPackage> {
  const key = owner.identity.signaturePrivateKey;
  const changed = change(keyPackage);
  const { leafNode } = changed;
  if (leafNode.leafNodeSource !== "key_package") return changed;
  const tbs = { ...leafNode, leafNodeSource: leafNode.leafNodeSource };
  const signed = await signLeafNodeKeyPackage(tbs, key, cs.signature);
  return signKeyPackage({ ...changed, leafNode: signed }, key, cs.signature);
}

export function keyPackagesOf(draft: Draft): readonly KeyPackage[] {
  return draft.content.commit.proposals.flatMap((one) =>
    one.proposalOrRefType === "proposal" && "add" in one.proposal
      ? [one.proposal.add.keyPackage]
      : [],
  );
}

/** The first Add, with another KeyPackage. */
export function withKeyPackage(draft: Draft, keyPackage: KeyPackage): Draft {
  return withValues(draft, (proposals) => {
    const at = proposals.findIndex((one) => "add" in one);
    return proposals.with(at, { proposalType: "add", add: { keyPackage } });
  });
}

/** A GroupInfo, changed and signed again with that key. */
export async function changedGroupInfo(
  { cs }: Lab,
  groupInfo: Bytes,
  key: Uint8Array,
  change: (info: GroupInfo) => GroupInfo,
): Promise<Bytes> {
  const changed = change(decodeUntrusted(groupInfoKind, groupInfo));
  return copyBytes(encodeGroupInfo(await signGroupInfo(changed, key, cs.signature)));
}

export function changedWelcome(welcome: Bytes, change: (welcome: Welcome) => Welcome): Bytes {
  return copyBytes(encodeWelcome(change(decodeUntrusted(welcomeKind, welcome))));
}
