import { equalBytes, Refusal } from "@treehouse/protocol";
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
/** Leaves: what a few threads verify in as long as it takes to note as many. */
const notedAtOnce = 32;

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
  return ahead(crypto, leaves, async (noting, { leaf, node }) => {
    readable(() => noteIdentity(noting, node));
    if (node.leafNodeSource === "key_package") {
      await verifyLeafNodeSignatureKeyPackage(node, noting.suite);
    } else {
      await verifyLeafNodeSignature(node, groupId, leaf, noting.suite);
    }
  });
}

/** The same for the four signatures of each client that a commit adds. */
export async function verifyAddsAhead(
  crypto: MlsCrypto,
  added: readonly KeyPackage[],
): Promise<Verify> {
  if (crypto.verifyElsewhere === undefined || added.length < addsMin) return crypto.verify;
  return ahead(crypto, added, async (noting, keyPackage) => {
    const { leafNode } = keyPackage;
    readable(() => noteIdentity(noting, leafNode));
    await verifyKeyPackage(keyPackage, noting.suite);
    if (leafNode.leafNodeSource !== "key_package") return;
    await verifyLeafNodeSignatureKeyPackage(leafNode, noting.suite);
  });
}

/** What notes a signature to be verified, as our rules and as the library ask for it. */
type Noting = { readonly note: Verify; readonly suite: Signature };

async function ahead<T>(
  crypto: MlsCrypto,
  all: readonly T[],
  collect: (noting: Noting, one: T) => Promise<void>,
): Promise<Verify> {
  let series: Signed[] = [];
  const note: Verify = (publicKey, message, signature) => {
    series.push({ publicKey, message, signature });
    return true;
  };
  const { signature: suite } = toTsMls(crypto);
  const verify: Signature["verify"] = async (key, message, signed) => note(key, message, signed);
  const noting: Noting = { note, suite: { ...suite, verify } };
  const held = new Map<number, Signed>();
  const hold = async (noted: readonly Signed[]): Promise<void> => {
    const answers = (await crypto.verifyElsewhere?.(noted)) ?? [];
    for (const [index, signed] of noted.entries()) {
      if (answers[index] === true) held.set(placeOf(signed.signature), signed);
    }
  };
  let verifying = Promise.resolve();
  for (let from = 0; from < all.length; from += notedAtOnce) {
    series = [];
    for (const one of all.slice(from, from + notedAtOnce)) await collect(noting, one);
    // The next are noted while these are verified.
    const before = verifying;
    verifying = hold(series);
    await before;
  }
  await verifying;
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
function placeOf(signature: Uint8Array): number {
  let place = 0;
  for (let index = 0; index < 6; index += 1) place = place * 256 + (signature[index] ?? 0);
  return place;
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
