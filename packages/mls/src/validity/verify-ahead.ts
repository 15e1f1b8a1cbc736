import { equalBytes, Refusal, toHex } from "@treehouse/protocol";
import type { GroupContext } from "ts-mls/groupContext.js";
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";

import type { MlsCrypto, Signed } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import type { LeafEntry } from "../tree/index.ts";
import { leavesOf, readLeaf } from "../tree/index.ts";
import { checkIdentity } from "./check-identity.ts";

type Signature = ReturnType<typeof toTsMls>["signature"];

/** In a smaller group it is done before another thread has begun. */
const leavesMin = 128;

/**
 * `verify` for a whole tree that somebody joins with: the three signatures of each leaf are verified on
 * other threads first, if there are any. Nothing is decided here. The rules judge the tree in their own
 * order by what is answered, and whatever did not hold, or was not looked at, is verified in its place.
 * A tree that is not the one of the GroupContext costs its hash and no more.
 */
export async function verifyAhead(
  crypto: MlsCrypto,
  tree: RatchetTree,
  { groupId, treeHash }: GroupContext,
): Promise<MlsCrypto["verify"]> {
  const leaves = leavesOf(tree);
  if (crypto.verifyElsewhere === undefined || leaves.length < leavesMin) return crypto.verify;
  if (!equalBytes(await treeHashRoot(tree, toTsMls(crypto).hash), treeHash)) return crypto.verify;
  const series: Signed[] = [];
  const suite = toTsMls(crypto).signature;
  for (const leaf of leaves) await collect(series, leaf, groupId, suite);
  const answers = await crypto.verifyElsewhere(series);
  const held = new Map<string, Signed>();
  for (const [index, signed] of series.entries()) {
    if (answers[index] === true) held.set(toHex(signed.signature), signed);
  }
  return (publicKey, message, signature) => {
    const known = held.get(toHex(signature));
    const isSame =
      known !== undefined &&
      equalBytes(known.publicKey, publicKey) &&
      equalBytes(known.message, message);
    return isSame || crypto.verify(publicKey, message, signature);
  };
}

/** Notes what a leaf is signed with; a leaf that cannot be read is for the rules to refuse. */
async function collect(
  series: Signed[],
  { leaf, node }: LeafEntry,
  groupId: Uint8Array,
  suite: Signature,
): Promise<void> {
  const note: MlsCrypto["verify"] = (publicKey, message, signature) => {
    series.push({ publicKey, message, signature });
    return true;
  };
  const noting: Signature = {
    ...suite,
    verify: async (key, message, signature) => note(key, message, signature),
  };
  try {
    const view = readLeaf(node);
    checkIdentity({ verify: note }, view, view.identity.attestation.addedAt);
    if (node.leafNodeSource === "key_package")
      await verifyLeafNodeSignatureKeyPackage(node, noting);
    else await verifyLeafNodeSignature(node, groupId, leaf, noting);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
