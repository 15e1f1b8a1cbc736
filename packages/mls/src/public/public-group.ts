import type { Bytes } from "@treehouse/protocol";
import { copyBytes, Refusal } from "@treehouse/protocol";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import type { LeafNode } from "ts-mls/leafNode.js";

import { encodeTreeNode, leafAt, leavesOf, readLeaf } from "../tree/index.ts";
import type { PublicState } from "../validity/index.ts";
import { readContext } from "../validity/index.ts";
import { encodeTree } from "../wire/index.ts";
import { checkCommit, replayCommit } from "./check-commit.ts";
import { checkProposals } from "./check-proposals.ts";
import type { PublicContext, PublicGroup, RosterEntry, StoredPublicGroup } from "./face.ts";
import { proposeRemovals } from "./propose-removals.ts";
import type { Tracked } from "./tracked.ts";

export function publicGroup(context: PublicContext, tracked: Tracked): PublicGroup {
  const { state, groupInfo } = tracked;
  const view = readContext(state.groupContext);
  const groupContext = copyBytes(encodeGroupContext(state.groupContext));
  const make = (next: Tracked) => publicGroup(context, next);
  let roster: readonly RosterEntry[] | undefined;
  return {
    group: view.group,
    epoch: view.epoch,
    treeHash: copyBytes(state.groupContext.treeHash),
    confirmedTranscriptHash: copyBytes(state.groupContext.confirmedTranscriptHash),
    roomState: view.roomState,
    externalSenders: view.externalSenders,
    groupContext,
    groupInfo,
    get roster() {
      roster ??= leavesOf(state.ratchetTree).map(({ leaf, node }) => ({
        leaf,
        client: readLeaf(node).client,
        rulesKnown: readLeaf(node).rulesKnown,
      }));
      return roster;
    },
    pendingProposals: state.proposals.map(({ ref, message, removes }) => ({
      ref,
      message,
      removes,
    })),
    signatureKeyOf: (leaf) => readLeaf(memberAt(state, leaf)).signatureKey,
    leafIdentityOf: (leaf) => readLeaf(memberAt(state, leaf)).identity,
    checkProposals: (messages) => checkProposals(context, tracked, messages, make),
    checkCommit: (bundle) => checkCommit(context, tracked, bundle, make),
    replayCommit: (replayed) => replayCommit(context, tracked, replayed, make),
    proposeRemovals: (leaves, sign) => proposeRemovals(context, tracked, { leaves, ...sign }, make),
    store: () => store(tracked, groupContext),
    ratchetTree: () => encodeTree(state.ratchetTree),
  };
}

function store({ state, groupInfo }: Tracked, groupContext: Bytes): StoredPublicGroup {
  const nodes = new Map<number, Bytes>();
  for (const [index, node] of state.ratchetTree.entries()) {
    if (node !== undefined) nodes.set(index, encodeTreeNode(node));
  }
  return {
    groupContext,
    confirmationTag: copyBytes(state.confirmationTag),
    groupInfo,
    size: state.ratchetTree.length,
    nodes,
    proposals: state.proposals.map(({ ref, message }) => ({ ref, message })),
  };
}

function memberAt(state: PublicState, leaf: number): LeafNode {
  const node = leafAt(state.ratchetTree, leaf);
  if (node === undefined) throw new Refusal("notMember", "the leaf is blank");
  return node;
}
