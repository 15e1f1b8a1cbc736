import type { LeafNode } from "ts-mls/leafNode.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

export type LeafEntry = { leaf: number; node: LeafNode };

/** The leaf node at a leaf index; undefined when blank, out of range or no index at all. */
export function leafAt(tree: RatchetTree, leaf: number): LeafNode | undefined {
  const node = tree[2 * leaf];
  return node?.nodeType === "leaf" ? node.leaf : undefined;
}

const known = new WeakMap<RatchetTree, readonly LeafEntry[]>();

/** All leaves that are not blank, ascending. Of a tree that is finished: the list is kept. */
export function leavesOf(tree: RatchetTree): readonly LeafEntry[] {
  const before = known.get(tree);
  if (before !== undefined) return before;
  const leaves: LeafEntry[] = [];
  for (let index = 0; index < tree.length; index += 2) {
    const node = tree[index];
    if (node?.nodeType === "leaf") leaves.push({ leaf: index / 2, node: node.leaf });
  }
  known.set(tree, leaves);
  return leaves;
}
