import type { UserUri } from "@treehouse/protocol";
import { checkLeafIdentity, equalBytes, LIMITS, Refusal } from "@treehouse/protocol";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import type { MlsCrypto } from "../crypto/index.ts";
import type { LeafView } from "../tree/index.ts";
import { leafAt, leavesOf, readLeaf } from "../tree/index.ts";
import type { CommitView } from "./readCommit.ts";

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
  const leaves = leavesOf(after).map(({ node }) => readLeaf(node));
  checkCount(leaves.length);
  checkClientsDiffer(leaves);
  checkCommitter(change);
  const users = new Set<UserUri>();
  for (const leaf of changed) {
    const own = viewAt(after, leaf);
    const { client, signatureKey, identity } = own;
    checkLeafIdentity(identity, { client, signatureKey, at, verify: crypto.verify });
    users.add(own.user);
  }
  if (users.size === 0) return;
  const former = leavesOf(before).map(({ node }) => readLeaf(node));
  for (const user of users) {
    const ownBefore = former.filter((one) => one.user === user);
    const ownAfter = leaves.filter((one) => one.user === user);
    const fresh = changed.map((leaf) => viewAt(after, leaf)).filter((one) => one.user === user);
    checkUser(ownBefore, ownAfter, fresh, view.committerLeaf === undefined);
  }
}

/** One leaf per client. Refusal: invalidCommit. */
export function checkClientsDiffer(leaves: readonly LeafView[]): void {
  if (new Set(leaves.map(({ client }) => client)).size !== leaves.length) {
    throw new Refusal("invalidCommit", "a client has two leaves");
  }
}

/** All leaves of one user show one identity key. Refusal: identityInvalid. */
export function checkOneIdentity(leaves: readonly LeafView[]): void {
  const keys = new Map<UserUri, Uint8Array>();
  for (const { user, identity } of leaves) {
    const { identityKey } = identity.certificate;
    const known = keys.get(user);
    if (known !== undefined && !equalBytes(known, identityKey)) {
      throw new Refusal("identityInvalid", "a user shows two identity keys");
    }
    keys.set(user, identityKey);
  }
}

export function checkCount(leaves: number): void {
  const limitName = "treeLeavesMax";
  const limit = LIMITS[limitName];
  if (leaves > limit) {
    throw new Refusal("limitExceeded", "the group has too many leaves", { limitName, limit });
  }
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
    throw new Refusal("invalidCommit", "a committer may not change its identity");
  }
}

/**
 * A device-signing number never falls, so that a revoked device cannot certify another; and a new
 * identity key comes only when a member removes all leaves that show the old one.
 */
function checkUser(
  before: readonly LeafView[],
  after: readonly LeafView[],
  fresh: readonly LeafView[],
  isExternal: boolean,
): void {
  checkOneIdentity(after);
  const current = fresh[0]?.identity.certificate;
  const known = before[0]?.identity.certificate;
  if (current === undefined || known === undefined) return;
  if (!equalBytes(current.identityKey, known.identityKey)) {
    // Every remaining leaf shows the new key, so none with the old one remains.
    if (!isExternal) return;
    throw new Refusal("identityInvalid", "an external commit may not bring another identity key");
  }
  const highest = Math.max(...before.map(({ identity }) => identity.certificate.number));
  if (fresh.some(({ identity }) => identity.certificate.number < highest)) {
    throw new Refusal("identityInvalid", "the device-signing key is superseded");
  }
}

function viewAt(tree: RatchetTree, leaf: number): LeafView {
  const node = leafAt(tree, leaf);
  if (node === undefined) throw new Refusal("invalidCommit", "a leaf is blank");
  return readLeaf(node);
}
