/** Public ratchet trees: nodes, leaves and what a leaf says about its client. */
export { changedNodes } from "./changedNodes.ts";
export { decodeTreeNode, encodeTreeNode } from "./nodes.ts";
export { leafAt, leavesOf } from "./leaves.ts";
export { readLeaf } from "./readLeaf.ts";
export type { LeafView } from "./readLeaf.ts";
