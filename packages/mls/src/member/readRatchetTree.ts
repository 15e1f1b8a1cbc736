import type { Bytes } from "@treehouse/protocol";

import { leavesOf, readLeaf } from "../tree/index.ts";
import { decodeTree } from "../wire/index.ts";
import type { GroupMember } from "./face.ts";

/**
 * The leaves of a tree as it stands in the ratchet_tree extension. Nothing is checked but the
 * form: whoever acts on it joins, and joining checks everything. Refuses malformed and tooLarge.
 */
export function readRatchetTree(ratchetTree: Bytes): readonly GroupMember[] {
  return leavesOf(decodeTree(ratchetTree)).map(({ leaf, node }) => ({ leaf, ...readLeaf(node) }));
}
