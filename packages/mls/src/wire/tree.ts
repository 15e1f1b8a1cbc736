import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS } from "@treehouse/protocol";
import { decodeOptional } from "ts-mls/codec/optional.js";
import { decodeVarLenData } from "ts-mls/codec/variableLength.js";
import type { Decoder } from "ts-mls/codec/tlsDecoder.js";
import type { Node, RatchetTree } from "ts-mls/ratchetTree.js";
import { decodeNode, encodeRatchetTree, extendRatchetTree } from "ts-mls/ratchetTree.js";

import { broken } from "./broken.ts";
import { decodeUntrusted } from "./decode-untrusted.ts";

const decodeOptionalNode: Decoder<Node | undefined> = decodeOptional(decodeNode);

/** A leaf may be unmerged in every parent above it: in a tree of 10,000 leaves there are 14. */
const UNMERGED_PER_LEAF = Math.ceil(Math.log2(LIMITS.treeLeavesMax));

/**
 * Stops at the bound instead of building millions of blank nodes out of zero octets. Leaves lie on
 * even places, so a tree of n leaves has its last one before place 2n - 1.
 */
function decodeNodes(leavesMax: number): Decoder<RatchetTree> {
  return (bytes, offset) => {
    const content = decodeVarLenData(bytes, offset);
    if (content === undefined) return undefined;
    const [data, length] = content;
    const nodes: RatchetTree = [];
    for (let at = 0; at < data.length;) {
      const item = decodeOptionalNode(data, at);
      if (item === undefined || nodes.length === 2 * leavesMax - 1) return undefined;
      nodes.push(item[0]);
      at += item[1];
    }
    return [extendRatchetTree(nodes), length];
  };
}

/**
 * Reads the content of a ratchet_tree extension (RFC 9420 §12.4.3.3): at most
 * `leavesMax` leaf places, leaves and parents where they belong, and every unmerged
 * leaf inside the tree, so that no walk over it can leave it. Refusals: malformed, tooLarge.
 */
export function decodeTree(
  bytes: Uint8Array,
  leavesMax: number = LIMITS.treeLeavesMax,
): RatchetTree {
  const tree = decodeUntrusted(
    {
      name: "a ratchet tree",
      limitName: "ratchetTreeBytesMax",
      decode: decodeNodes(leavesMax),
      encode: encodeRatchetTree,
      moreElements: leavesMax * UNMERGED_PER_LEAF,
    },
    bytes,
  );
  for (const [index, node] of tree.entries()) {
    if (node !== undefined && !fits(tree, index, node)) {
      throw broken("treeShape", "malformed");
    }
  }
  return tree;
}

export function encodeTree(tree: RatchetTree): Bytes {
  return copyBytes(encodeRatchetTree(tree));
}

function fits(tree: RatchetTree, index: number, node: Node): boolean {
  if (node.nodeType === "leaf") return index % 2 === 0;
  const { unmergedLeaves } = node.parent;
  return index % 2 === 1 && unmergedLeaves.every((leaf) => tree[2 * leaf]?.nodeType === "leaf");
}
