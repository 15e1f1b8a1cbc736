import { decodeSafeAad, LIMITS, Refusal } from "@treehouse/protocol";
import type { FramedContentCommit } from "ts-mls/framedContent.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { ProposalOrRef } from "ts-mls/proposalOrRefType.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { bytesToBase64 } from "ts-mls/util/byteArray.js";

import { leafAt, readLeaf } from "../tree/index.ts";
import { broken, exceeded } from "../wire/index.ts";
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
    throw broken("contentType");
  }
  checkFraming(state, message, "invalidCommit");
  checkSafeAad(content.authenticatedData);
  const { commit, sender } = content;
  const isExternal = sender.senderType === "new_member_commit";
  if (sender.senderType !== "member" && !isExternal) throw broken("senderType");
  if (commit.proposals.length > LIMITS.proposalsPerCommitMax) {
    throw exceeded("proposalCount", "proposalsPerCommitMax");
  }
  const proposals = resolve(state, commit.proposals, isExternal);
  checkTypes(proposals, isExternal);
  checkRemovals(state, sender.senderType === "member" ? sender.leafIndex : undefined, proposals);
  if (isExternal) checkExternal(state, content, proposals);
  return {
    content,
    confirmationTag: auth.confirmationTag,
    signature: auth.signature,
    committerLeaf: sender.senderType === "member" ? sender.leafIndex : undefined,
    proposals,
  };
}

/** FED-111: everybody refuses it, as everybody reads what stands in it. */
function checkSafeAad(data: Uint8Array): void {
  try {
    decodeSafeAad(data);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw broken("authenticatedDataForm", "invalidCommit", {}, { cause });
  }
}

function resolve(
  state: PublicState,
  proposals: readonly ProposalOrRef[],
  isExternal: boolean,
): readonly Proposal[] {
  const pending = unappliedProposals(state.proposals);
  return proposals.map((one) => {
    if (one.proposalOrRefType === "proposal") return one.proposal;
    if (isExternal) throw broken("referenceByJoiner");
    const found = pending[bytesToBase64(one.reference)];
    if (found === undefined) throw broken("referenceUnknown");
    return found.proposal;
  });
}

const MEMBER_TYPES: ReadonlySet<unknown> = new Set(["add", "remove", "group_context_extensions"]);
const EXTERNAL_TYPES: ReadonlySet<unknown> = new Set(["external_init", "remove"]);

function checkTypes(proposals: readonly Proposal[], isExternal: boolean): void {
  const allowed = isExternal ? EXTERNAL_TYPES : MEMBER_TYPES;
  if (!proposals.every(({ proposalType }) => allowed.has(proposalType))) {
    throw broken("proposalType");
  }
  const changes = proposals.filter((one) => one.proposalType === "group_context_extensions");
  if (changes.length > 1) throw broken("stateChangeTwice");
}

function checkRemovals(
  state: PublicState,
  committer: number | undefined,
  proposals: readonly Proposal[],
): void {
  const removed = new Set<number>();
  for (const leaf of removedLeaves(proposals)) {
    if (leafAt(state.ratchetTree, leaf) === undefined) throw broken("removeBlank");
    if (removed.has(leaf)) throw broken("removeTwice");
    if (leaf === committer) throw broken("removeSelf");
    removed.add(leaf);
  }
}

function checkExternal(
  state: PublicState,
  content: FramedContentCommit,
  proposals: readonly Proposal[],
): void {
  const { path } = content.commit;
  if (path === undefined) throw broken("pathMissing");
  const inits = proposals.filter((one) => one.proposalType === "external_init");
  const removed = removedLeaves(proposals);
  if (inits.length !== 1) throw broken("externalInitCount");
  if (removed.length > 1) throw broken("externalRemoveCount");
  for (const leaf of removed) {
    const former = leafAt(state.ratchetTree, leaf);
    if (former === undefined || readLeaf(former).user !== readLeaf(path.leafNode).user) {
      throw broken("externalRemoveOther");
    }
  }
}

export function removedLeaves(proposals: readonly Proposal[]): readonly number[] {
  return proposals.flatMap((one) =>
    one.proposalType === "remove" && "remove" in one ? [one.remove.removed] : [],
  );
}
