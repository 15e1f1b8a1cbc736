/** Public ratchet trees: nodes, leaves and what a leaf says about its client. */
export { changedNodes } from "./changed-nodes.ts";
export { decodeTreeNode, encodeTreeNode } from "./nodes.ts";
export { leafAt, leavesOf } from "./leaves.ts";
export type { LeafEntry } from "./leaves.ts";
export { readLeaf } from "./read-leaf.ts";
export type { LeafView } from "./read-leaf.ts";
