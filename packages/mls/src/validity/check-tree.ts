import { checkLeavesOfUser } from "@treehouse/protocol";
import { throwIfDefined, validateRatchetTree } from "ts-mls/clientState.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import { leavesOf, readLeaf } from "../tree/index.ts";
import { refuseOn } from "../wire/index.ts";
import { TREE_RULES } from "./library-rules.ts";
import { checkIdentity } from "./check-identity.ts";
import { checkLeafNode } from "./check-leaf-node.ts";
import { checkClientsDiffer, checkCount } from "./check-leaves.ts";

/**
 * A whole foreign tree, as `decodeTree` gave it, against the GroupContext it belongs to: tree hash,
 * parent hashes, every leaf's signature and identity.
 * Refusals: invalidCommit, identityInvalid, limitExceeded.
 */
export async function checkTree(
  crypto: MlsCrypto,
  tree: RatchetTree,
  context: GroupContext,
): Promise<void> {
  const { lifetimeConfig, authService } = clientConfig(0);
  const cs = toTsMls(crypto);
  checkLeafNodes(crypto, tree);
  const validate = async () => {
    const { treeHash } = context;
    throwIfDefined(
      await validateRatchetTree(tree, context, lifetimeConfig, authService, treeHash, cs),
    );
  };
  await refuseOn("invalidCommit", validate, TREE_RULES);
  checkIdentities(crypto, tree);
}

/** What each leaf of a tree says of itself. Refusals: invalidCommit, limitExceeded. */
export function checkLeafNodes(crypto: MlsCrypto, tree: RatchetTree): void {
  for (const { node } of leavesOf(tree)) checkLeafNode(crypto, node, "invalidCommit");
}

/**
 * The identities in a whole tree, which the library does not see. Whether an identity was in its
 * period was judged when its leaf came in: here only the chain of signatures counts, or a group
 * could not be joined any more once one member's attestation has expired.
 * Refusals: invalidCommit, identityInvalid, limitExceeded.
 */
export function checkIdentities(crypto: Pick<MlsCrypto, "verify">, tree: RatchetTree): void {
  const views = leavesOf(tree).map(({ node }) => readLeaf(node));
  checkCount(views.length);
  checkClientsDiffer(views);
  for (const own of Map.groupBy(views, ({ user }) => user).values()) {
    const after = own.map(({ identity }) => ({ identity, change: "kept" as const }));
    checkLeavesOfUser({ before: [], after, byMember: true });
  }
  for (const view of views) checkIdentity(crypto, view, view.identity.attestation.addedAt);
}
