import type { Bytes } from "@treehouse/protocol";
import { copyBytes, Refusal } from "@treehouse/protocol";
import type { Node } from "ts-mls/ratchetTree.js";
import { decodeNode, encodeNode } from "ts-mls/ratchetTree.js";

/** Nodes are never changed in place, so that an encoding stays right as long as its node lives. */
const encodings = new WeakMap<Node, Bytes>();

/** Callers do not change the result: it is kept. */
export function encodeTreeNode(node: Node): Bytes {
  const known = encodings.get(node);
  if (known !== undefined) return known;
  const encoded = copyBytes(encodeNode(node));
  encodings.set(node, encoded);
  return encoded;
}

/** Reads a node of our own storage. Refusal: malformed. */
export function decodeTreeNode(bytes: Uint8Array): Node {
  const kept = copyBytes(bytes);
  const decoded = decodeNode(kept, 0);
  if (decoded === undefined || decoded[1] !== kept.length) {
    throw new Refusal("malformed", "not a node of a ratchet tree");
  }
  encodings.set(decoded[0], kept);
  return decoded[0];
}
