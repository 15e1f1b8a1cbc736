import { deepEqual, equal } from "node:assert/strict";

import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import { decodeProposal } from "ts-mls/proposal.js";
import {
  addLeafNode,
  decodeRatchetTree,
  encodeRatchetTree,
  removeLeafNode,
  resolution,
  updateLeafNode,
} from "ts-mls/ratchetTree.js";
import { treeHash, treeHashRoot } from "ts-mls/treeHash.js";
import { nodeToLeafIndex, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";

import { bytes, hex, runVectors, suitesOf, whole } from "./vectors.ts";

type Operation = {
  cipher_suite: number;
  proposal: string;
  proposal_sender: number;
  tree_before: string;
  tree_after: string;
  tree_hash_before: string;
  tree_hash_after: string;
};

runVectors<Operation>("tree-operations.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const before = whole(decodeRatchetTree, bytes(v.tree_before));
    equal(hex(await treeHashRoot(before, cs.hash)), v.tree_hash_before);
    const proposal = whole(decodeProposal, bytes(v.proposal));
    const apply = () => {
      const { proposalType } = proposal;
      if (proposalType === "add") return addLeafNode(before, proposal.add.keyPackage.leafNode)[0];
      if (proposalType === "remove") {
        return removeLeafNode(before, toLeafIndex(proposal.remove.removed));
      }
      if (proposalType !== "update") throw new Error(String(proposalType));
      return updateLeafNode(before, proposal.update.leafNode, toLeafIndex(v.proposal_sender));
    };
    const after = apply();
    equal(hex(encodeRatchetTree(after)), v.tree_after);
    equal(hex(await treeHashRoot(after, cs.hash)), v.tree_hash_after);
  }
});

type Validation = {
  cipher_suite: number;
  tree: string;
  group_id: string;
  tree_hashes: string[];
  resolutions: number[][];
};

runVectors<Validation>("tree-validation.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const tree = whole(decodeRatchetTree, bytes(v.tree));
    equal(tree.length, v.resolutions.length);
    for (const [n, node] of tree.entries()) {
      const index = toNodeIndex(n);
      deepEqual(resolution(tree, index), v.resolutions[n]);
      equal(hex(await treeHash(tree, index, cs.hash)), v.tree_hashes[n]);
      if (node?.nodeType !== "leaf") continue;
      const { leaf } = node;
      const valid =
        leaf.leafNodeSource === "key_package"
          ? await verifyLeafNodeSignatureKeyPackage(leaf, cs.signature)
          : await verifyLeafNodeSignature(
              leaf,
              bytes(v.group_id),
              nodeToLeafIndex(index),
              cs.signature,
            );
      equal(valid, true);
    }
    equal(await verifyParentHashes(tree, cs.hash), true);
  }
});
