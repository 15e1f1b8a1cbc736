import { LIMITS, Refusal } from "@treehouse/protocol";
import type { FramedContentCommit } from "ts-mls/framedContent.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { ProposalOrRef } from "ts-mls/proposalOrRefType.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { leafAt, readLeaf } from "../tree/index.ts";
import type { PublicState } from "./public-state.ts";
import { unappliedProposals } from "./public-state.ts";
import { checkFraming } from "./read-handshake.ts";

export type CommitView = {
  content: FramedContentCommit;
  confirmationTag: Uint8Array;
  signature: Uint8Array;
  /** Undefined for an external commit: its leaf is found when it is applied. */
  committerLeaf: number | undefined;
  /** By value and by reference, in the order of the commit. */
  proposals: readonly Proposal[];
};

/**
 * Everything about a commit that can be judged before any cryptography, and before the library
 * walks the tree by numbers that the sender chose.
 */
export function readCommit(state: PublicState, message: PublicMessage): CommitView {
  const { content, auth } = message;
  if (content.contentType !== "commit" || auth.contentType !== "commit") {
    throw invalid("not a commit");
  }
  checkFraming(state, message, "invalidCommit");
  const { commit, sender } = content;
  const isExternal = sender.senderType === "new_member_commit";
  if (sender.senderType !== "member" && !isExternal) throw invalid("this sender may not commit");
  const limitName = "proposalsPerCommitMax";
  const limit = LIMITS[limitName];
  if (commit.proposals.length > limit) {
    throw new Refusal("limitExceeded", "too many proposals", { limitName, limit });
  }
  const proposals = resolve(state, commit.proposals, isExternal);
  checkTypes(proposals, isExternal);
  checkRemovals(state, proposals);
  if (isExternal) checkExternal(state, content, proposals);
  return {
    content,
    confirmationTag: auth.confirmationTag,
    signature: auth.signature,
    committerLeaf: sender.senderType === "member" ? sender.leafIndex : undefined,
    proposals,
  };
}

function resolve(
  state: PublicState,
  proposals: readonly ProposalOrRef[],
  isExternal: boolean,
): readonly Proposal[] {
  const pending = unappliedProposals(state.proposals);
  return proposals.map((one) => {
    if (one.proposalOrRefType === "proposal") return one.proposal;
    if (isExternal) throw invalid("an external commit holds proposals by value only");
    const found = pending[bytesToBase64(one.reference)];
    if (found === undefined) throw invalid("a proposal is referenced that is not pending");
    return found.proposal;
  });
}

const MEMBER_TYPES: ReadonlySet<unknown> = new Set(["add", "remove", "group_context_extensions"]);
const EXTERNAL_TYPES: ReadonlySet<unknown> = new Set(["external_init", "remove"]);

function checkTypes(proposals: readonly Proposal[], isExternal: boolean): void {
  const allowed = isExternal ? EXTERNAL_TYPES : MEMBER_TYPES;
  if (!proposals.every(({ proposalType }) => allowed.has(proposalType))) {
    throw invalid("a proposal of this type is not allowed here");
  }
  const changes = proposals.filter((one) => one.proposalType === "group_context_extensions");
  if (changes.length > 1) throw invalid("the room's state may change once");
}

function checkRemovals(state: PublicState, proposals: readonly Proposal[]): void {
  const removed = new Set<number>();
  for (const leaf of removedLeaves(proposals)) {
    if (leafAt(state.ratchetTree, leaf) === undefined) throw invalid("a removed leaf is blank");
    if (removed.has(leaf)) throw invalid("a leaf is removed twice");
    removed.add(leaf);
  }
}

function checkExternal(
  state: PublicState,
  content: FramedContentCommit,
  proposals: readonly Proposal[],
): void {
  const { path } = content.commit;
  if (path === undefined) throw invalid("an external commit needs a path");
  const inits = proposals.filter((one) => one.proposalType === "external_init");
  const removed = removedLeaves(proposals);
  if (inits.length !== 1 || removed.length > 1) {
    throw invalid("an external commit has one external_init and at most one removal");
  }
  for (const leaf of removed) {
    const former = leafAt(state.ratchetTree, leaf);
    if (former === undefined || readLeaf(former).user !== readLeaf(path.leafNode).user) {
      throw invalid("an external commit may only remove a leaf of its own user");
    }
  }
}

export function removedLeaves(proposals: readonly Proposal[]): readonly number[] {
  return proposals.flatMap((one) =>
    one.proposalType === "remove" && "remove" in one ? [one.remove.removed] : [],
  );
}

function invalid(message: string): Refusal {
  return new Refusal("invalidCommit", message);
}
