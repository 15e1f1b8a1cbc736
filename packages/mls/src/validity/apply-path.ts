import { Refusal } from "@treehouse/protocol";
import type { ApplyProposalsResult } from "ts-mls/clientState.js";
import {
  throwIfDefined,
  validateLeafNodeCredentialAndKeyUniqueness,
  validateLeafNodeUpdateOrCommit,
} from "ts-mls/clientState.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { addLeafNode } from "ts-mls/ratchetTree.js";
import type { NodeIndex } from "ts-mls/treemath.js";
import { leafToNodeIndex, nodeToLeafIndex, toLeafIndex } from "ts-mls/treemath.js";
import type { UpdatePath } from "ts-mls/updatePath.js";
import { applyUpdatePath, validatePathKeys } from "ts-mls/updatePath.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import { refuseOn } from "../wire/index.ts";
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
  checkShape(path);
  const cs = toTsMls(crypto);
  const { committerLeaf } = view;
  const isExternal = committerLeaf === undefined;
  return refuseOn("invalidCommit", async () => {
    throwIfDefined(await validatePathKeys(path, cs.hpke));
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
    const fresh = freshNodes(applied);
    const tree = await applyUpdatePath(start, leaf, path, cs.hash, isExternal, fresh);
    return { tree, committerLeaf: leaf };
  });
}

function withoutPath(
  view: CommitView,
  applied: ApplyProposalsResult,
): { tree: RatchetTree; committerLeaf: number } {
  if (view.committerLeaf === undefined) {
    throw new Refusal("invalidCommit", "an external commit needs a path");
  }
  return { tree: applied.tree, committerLeaf: view.committerLeaf };
}

/** Leaves that this commit adds get their secret by Welcome and no ciphertext in the path. */
function freshNodes(applied: ApplyProposalsResult): NodeIndex[] {
  const { additionalResult } = applied;
  if (additionalResult.kind !== "memberCommit") return [];
  return additionalResult.addedLeafNodes.map(([leaf]) => leafToNodeIndex(leaf));
}

function checkShape(path: UpdatePath): void {
  const fits = path.nodes.every(({ encryptedPathSecret }) =>
    encryptedPathSecret.every(
      ({ kemOutput, ciphertext }) =>
        kemOutput.length === KEM_OUTPUT_LENGTH && ciphertext.length === CIPHERTEXT_LENGTH,
    ),
  );
  if (!fits) throw new Refusal("invalidCommit", "a ciphertext of the path has a wrong length");
}
