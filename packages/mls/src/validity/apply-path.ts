import { equalBytes } from "@treehouse/protocol";
import type { ApplyProposalsResult } from "ts-mls/clientState.js";
import {
  throwIfDefined,
  validateLeafNodeCredentialAndKeyUniqueness,
  validateLeafNodeUpdateOrCommit,
} from "ts-mls/clientState.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { addLeafNode, filteredDirectPath } from "ts-mls/ratchetTree.js";
import type { NodeIndex } from "ts-mls/treemath.js";
import { leafToNodeIndex, nodeToLeafIndex, toLeafIndex } from "ts-mls/treemath.js";
import type { UpdatePath } from "ts-mls/updatePath.js";
import { applyUpdatePath } from "ts-mls/updatePath.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import { leafAt } from "../tree/index.ts";
import { broken, refuseOn } from "../wire/index.ts";
import { checkLeafNode } from "./check-leaf-node.ts";
import { PATH_RULES } from "./library-rules.ts";
import type { PublicState } from "./public-state.ts";
import type { CommitView } from "./read-commit.ts";

/** An HPKE ciphertext of a path secret: 32 octets and a tag of 16 (RFC 9420 §7.6). */
const CIPHERTEXT_LENGTH = 48;
const KEM_OUTPUT_LENGTH = 32;

/** The tree after the proposals and the path, and the place of who committed. */
export async function applyPath(
  crypto: MlsCrypto,
  view: CommitView,
  applied: ApplyProposalsResult,
  extended: GroupContext,
  at: number,
): Promise<{ tree: RatchetTree; committerLeaf: number }> {
  const { path } = view.content.commit;
  if (path === undefined) return withoutPath(view, applied);
  const cs = toTsMls(crypto);
  const { committerLeaf } = view;
  const isExternal = committerLeaf === undefined;
  const apply = async () => {
    const [start, node] =
      committerLeaf === undefined
        ? addLeafNode(applied.tree, path.leafNode)
        : [applied.tree, leafToNodeIndex(toLeafIndex(committerLeaf))];
    const leaf = nodeToLeafIndex(node);
    const { authService } = clientConfig(at);
    const { leafNode } = path;
    throwIfDefined(
      await validateLeafNodeUpdateOrCommit(
        leafNode,
        leaf,
        extended,
        authService,
        cs.signature,
        cs.hpke,
      ),
    );
    throwIfDefined(await validateLeafNodeCredentialAndKeyUniqueness(applied.tree, leafNode, leaf));
    if (path.nodes.length !== filteredDirectPath(leaf, start).length) throw broken("pathLength");
    const fresh = freshNodes(applied);
    const tree = await applyUpdatePath(start, leaf, path, cs.hash, isExternal, fresh);
    return { tree, committerLeaf: leaf };
  };
  return refuseOn("invalidCommit", apply, PATH_RULES);
}

function withoutPath(
  view: CommitView,
  applied: ApplyProposalsResult,
): { tree: RatchetTree; committerLeaf: number } {
  if (view.committerLeaf === undefined) {
    throw broken("pathMissing");
  }
  return { tree: applied.tree, committerLeaf: view.committerLeaf };
}

/** Leaves that this commit adds get their secret by Welcome and no ciphertext in the path. */
function freshNodes(applied: ApplyProposalsResult): NodeIndex[] {
  const { additionalResult } = applied;
  if (additionalResult.kind !== "memberCommit") return [];
  return additionalResult.addedLeafNodes.map(([leaf]) => leafToNodeIndex(leaf));
}

/** What can be said of a path before its leaf's signature. Refusals: invalidCommit, limitExceeded. */
export function checkPathForm(crypto: MlsCrypto, before: PublicState, view: CommitView): void {
  const { path } = view.content.commit;
  if (path === undefined) return;
  checkLeafNode(crypto, path.leafNode, "invalidCommit");
  const { committerLeaf } = view;
  const former =
    committerLeaf === undefined ? undefined : leafAt(before.ratchetTree, committerLeaf);
  if (former !== undefined && equalBytes(former.hpkePublicKey, path.leafNode.hpkePublicKey)) {
    throw broken("pathLeafKeyKept");
  }
  if (!path.nodes.every(({ hpkePublicKey }) => crypto.isHpkePublicKey(hpkePublicKey))) {
    throw broken("pathKeyUnusable");
  }
  checkCiphertexts(path);
}

function checkCiphertexts(path: UpdatePath): void {
  const fits = path.nodes.every(({ encryptedPathSecret }) =>
    encryptedPathSecret.every(
      ({ kemOutput, ciphertext }) =>
        kemOutput.length === KEM_OUTPUT_LENGTH && ciphertext.length === CIPHERTEXT_LENGTH,
    ),
  );
  if (!fits) throw broken("pathCiphertextLength");
}
