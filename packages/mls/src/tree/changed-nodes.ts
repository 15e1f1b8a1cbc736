import type { Node, RatchetTree } from "ts-mls/ratchetTree.js";

export type NodeChange = { index: number; node: Node | undefined };

/**
 * The places at which two trees differ, ascending, with what stands there afterwards. Unchanged
 * nodes are the same objects. Places beyond a tree that shrank are given as blank.
 */
export function changedNodes(before: RatchetTree, after: RatchetTree): readonly NodeChange[] {
  const changes: NodeChange[] = [];
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index++) {
    const node = after[index];
    if (node !== before[index]) changes.push({ index, node });
  }
  return changes;
}
