import { equalBytes, Refusal, toHex } from "@treehouse/protocol";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { verifyKeyPackage } from "ts-mls/keyPackage.js";
import type { LeafNode } from "ts-mls/leafNode.js";
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";

import type { MlsCrypto, Signed } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { leavesOf, readLeaf } from "../tree/index.ts";
import { checkIdentity } from "./check-identity.ts";

type Verify = MlsCrypto["verify"];
type Signature = ReturnType<typeof toTsMls>["signature"];

/** Fewer are verified in place before another thread has begun. */
const leavesMin = 128;
const addsMin = 16;

/**
 * `verify` for a whole tree that somebody joins with: the three signatures of each leaf are verified on
 * other threads first, if there are any. Nothing is decided here. The rules judge the tree in their own
 * order by what is answered, and whatever did not hold, or was not looked at, is verified in its place.
 * A tree that is not the one of the GroupContext costs its hash and no more.
 */
export async function verifyTreeAhead(
  crypto: MlsCrypto,
  tree: RatchetTree,
  { groupId, treeHash }: GroupContext,
): Promise<Verify> {
  const leaves = leavesOf(tree);
  if (crypto.verifyElsewhere === undefined || leaves.length < leavesMin) return crypto.verify;
  if (!equalBytes(await treeHashRoot(tree, toTsMls(crypto).hash), treeHash)) return crypto.verify;
  return ahead(crypto, async (noting) => {
    for (const { leaf, node } of leaves) {
      readable(() => noteIdentity(noting, node));
      if (node.leafNodeSource === "key_package") {
        await verifyLeafNodeSignatureKeyPackage(node, noting.suite);
      } else {
        await verifyLeafNodeSignature(node, groupId, leaf, noting.suite);
      }
    }
  });
}

/** The same for the four signatures of each client that a commit adds. */
export async function verifyAddsAhead(
  crypto: MlsCrypto,
  added: readonly KeyPackage[],
): Promise<Verify> {
  if (crypto.verifyElsewhere === undefined || added.length < addsMin) return crypto.verify;
  return ahead(crypto, async (noting) => {
    for (const keyPackage of added) {
      const { leafNode } = keyPackage;
      readable(() => noteIdentity(noting, leafNode));
      await verifyKeyPackage(keyPackage, noting.suite);
      if (leafNode.leafNodeSource !== "key_package") continue;
      await verifyLeafNodeSignatureKeyPackage(leafNode, noting.suite);
    }
  });
}

/** What notes a signature to be verified, as our rules and as the library ask for it. */
type Noting = { readonly note: Verify; readonly suite: Signature };

async function ahead(
  crypto: MlsCrypto,
  collect: (noting: Noting) => Promise<void>,
): Promise<Verify> {
  const series: Signed[] = [];
  const note: Verify = (publicKey, message, signature) => {
    series.push({ publicKey, message, signature });
    return true;
  };
  const { signature: suite } = toTsMls(crypto);
  const verifying: Signature["verify"] = async (key, message, signed) => note(key, message, signed);
  await collect({ note, suite: { ...suite, verify: verifying } });
  const answers = (await crypto.verifyElsewhere?.(series)) ?? [];
  const held = new Map<string, Signed>();
  for (const [index, signed] of series.entries()) {
    if (answers[index] === true) held.set(placeOf(signed.signature), signed);
  }
  return (publicKey, message, signature) => {
    const known = held.get(placeOf(signature));
    const isSame =
      known !== undefined &&
      equalBytes(known.signature, signature) &&
      equalBytes(known.publicKey, publicKey) &&
      equalBytes(known.message, message);
    return isSame || crypto.verify(publicKey, message, signature);
  };
}

/** Of two that begin alike one is verified in its place: who makes such gains nothing. */
function placeOf(signature: Uint8Array): string {
  return toHex(signature.subarray(0, 8));
}

function noteIdentity({ note }: Noting, node: LeafNode): void {
  const view = readLeaf(node);
  checkIdentity({ verify: note }, view, view.identity.attestation.addedAt);
}

/** What cannot be read is for the rules to refuse. */
function readable(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
