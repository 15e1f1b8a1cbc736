import type { LeafOfUser, UserUri } from "@treehouse/protocol";
import { checkLeavesOfUser, equalBytes, LIMITS, Refusal } from "@treehouse/protocol";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import type { MlsCrypto } from "../crypto/index.ts";
import type { LeafView } from "../tree/index.ts";
import { leafAt, leavesOf, readLeaf } from "../tree/index.ts";
import { broken, exceeded } from "../wire/index.ts";
import { checkIdentity } from "./check-identity.ts";
import type { CommitView } from "./read-commit.ts";

type TreeChange = {
  before: RatchetTree;
  after: RatchetTree;
  /** Leaves that are new or updated. */
  changed: readonly number[];
  view: CommitView;
  at: number;
};

/**
 * The rules of identity on the difference of two trees (architecture §4), which the library does
 * not see. Refusals: identityInvalid, invalidCommit, limitExceeded.
 */
export function checkLeaves(crypto: MlsCrypto, change: TreeChange): void {
  const { before, after, changed, view, at } = change;
  const leaves = leavesOf(after).map(({ leaf, node }) => ({ leaf, ...readLeaf(node) }));
  checkCount(leaves.length);
  checkClientsDiffer(leaves);
  checkCommitter(change);
  const users = new Set<UserUri>();
  for (const leaf of changed) {
    const own = viewAt(after, leaf);
    checkIdentity(crypto, own, at);
    users.add(own.user);
  }
  if (users.size === 0) return;
  const former = leavesOf(before).map(({ node }) => readLeaf(node));
  for (const user of users) {
    checkLeavesOfUser({
      before: former.filter((one) => one.user === user).map(({ identity }) => identity),
      after: leaves
        .filter((one) => one.user === user)
        .map(({ leaf, identity }) => ({ identity, change: kindOf(change, leaf) })),
      byMember: view.committerLeaf !== undefined,
    });
  }
}

function kindOf({ changed, view }: TreeChange, leaf: number): LeafOfUser["change"] {
  if (!changed.includes(leaf)) return "kept";
  return leaf === view.committerLeaf ? "updated" : "added";
}

/** One leaf per client. Refusal: invalidCommit. */
export function checkClientsDiffer(leaves: readonly LeafView[]): void {
  if (new Set(leaves.map(({ client }) => client)).size !== leaves.length) {
    throw broken("clientTwice");
  }
}

export function checkCount(leaves: number): void {
  if (leaves > LIMITS.treeLeavesMax) throw exceeded("leafCount", "treeLeavesMax");
}

/** A member that updates its leaf stays the same client with the same key. */
function checkCommitter({ before, after, changed, view }: TreeChange): void {
  const { committerLeaf, content } = view;
  if (committerLeaf === undefined || content.commit.path === undefined) return;
  if (!changed.includes(committerLeaf)) return;
  const former = viewAt(before, committerLeaf);
  const current = viewAt(after, committerLeaf);
  const same = former.client === current.client;
  if (!same || !equalBytes(former.signatureKey, current.signatureKey)) {
    throw broken("committerChanged");
  }
}

function viewAt(tree: RatchetTree, leaf: number): LeafView {
  const node = leafAt(tree, leaf);
  if (node === undefined) throw new Refusal("invalidCommit", "a leaf is blank");
  return readLeaf(node);
}
