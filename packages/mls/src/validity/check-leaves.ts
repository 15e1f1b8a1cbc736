import type { LeafIdentity, LeafOfUser, UserUri } from "@treehouse/protocol";
import { checkLeavesOfUser, equalBytes, LIMITS, Refusal } from "@treehouse/protocol";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import type { MlsCrypto } from "../crypto/index.ts";
import type { LeafEntry, LeafView } from "../tree/index.ts";
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
export function checkLeaves(crypto: Pick<MlsCrypto, "verify">, change: TreeChange): void {
  const { before, after, changed, view, at } = change;
  const leaves = leavesOf(after);
  checkCount(leaves.length);
  if (changed.length === 0) return;
  const views = changed.map((leaf) => ({ leaf, ...viewAt(after, leaf) }));
  checkNewClients(leaves, views);
  checkCommitter(change);
  for (const own of views) {
    const stood = own.leaf === view.committerLeaf ? viewAt(before, own.leaf) : undefined;
    checkIdentity(crypto, own, at, stood);
  }
  const users = new Set(views.map(({ user }) => user));
  const former = ofUsers(leavesOf(before), users);
  const current = ofUsers(leaves, users);
  for (const user of users) {
    checkLeavesOfUser({
      before: former.filter((one) => one.user === user).map(({ identity }) => identity),
      after: current
        .filter((one) => one.user === user)
        .map(({ leaf, identity }) => ({ identity, change: kindOf(change, leaf) })),
      byMember: view.committerLeaf !== undefined,
    });
  }
}

/** Those who stay were compared with one another when they came. */
function checkNewClients(
  leaves: readonly LeafEntry[],
  changed: readonly (LeafView & { readonly leaf: number })[],
): void {
  const places = new Map(changed.map(({ client, leaf }) => [client, leaf]));
  if (places.size !== changed.length) throw broken("clientTwice");
  for (const { leaf, node } of leaves) {
    const place = places.get(readLeaf(node).client);
    if (place !== undefined && place !== leaf) throw broken("clientTwice");
  }
}

function ofUsers(leaves: readonly LeafEntry[], users: ReadonlySet<UserUri>) {
  const found: { leaf: number; user: UserUri; identity: LeafIdentity }[] = [];
  for (const { leaf, node } of leaves) {
    const { user, identity } = readLeaf(node);
    if (users.has(user)) found.push({ leaf, user, identity });
  }
  return found;
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
