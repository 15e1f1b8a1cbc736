import { equal } from "node:assert/strict";

import type { CiphersuiteImpl } from "ts-mls";
import { applyUpdatePathSecret } from "ts-mls/createCommit.js";
import { deriveSecret } from "ts-mls/crypto/kdf.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import { verifyLeafNodeSignature } from "ts-mls/leafNode.js";
import { commitSecretOfPath, getCommitSecret, pathToRoot } from "ts-mls/pathSecrets.js";
import { toPrivateKeyPath } from "ts-mls/privateKeyPath.js";
import type { PrivateKeyPath } from "ts-mls/privateKeyPath.js";
import { decodeRatchetTree, getHpkePublicKey } from "ts-mls/ratchetTree.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { leafToNodeIndex, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";
import { applyUpdatePath, createUpdatePath, decodeUpdatePath } from "ts-mls/updatePath.js";

import { bytes, hex, runVectors, suitesOf, whole } from "./vectors.ts";

type Leaf = {
  index: number;
  encryption_priv: string;
  signature_priv: string;
  path_secrets: { node: number; path_secret: string }[];
};
type Path = {
  sender: number;
  update_path: string;
  path_secrets: (string | null)[];
  commit_secret: string;
  tree_hash_after: string;
};
type TreeKem = {
  cipher_suite: number;
  group_id: string;
  epoch: number;
  confirmed_transcript_hash: string;
  ratchet_tree: string;
  leaves_private: Leaf[];
  update_paths: Path[];
};

runVectors<TreeKem>("treekem.json.gz", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const tree = whole(decodeRatchetTree, bytes(v.ratchet_tree));
    const context: GroupContext = {
      version: "mls10",
      cipherSuite: cs.name,
      groupId: bytes(v.group_id),
      epoch: BigInt(v.epoch),
      treeHash: await treeHashRoot(tree, cs.hash),
      confirmedTranscriptHash: bytes(v.confirmed_transcript_hash),
      extensions: [],
    };
    const members = new Map<number, PrivateKeyPath>();
    for (const leaf of v.leaves_private)
      members.set(leaf.index, await privateState(leaf, tree, cs));
    for (const path of v.update_paths) {
      await receive(path, members, tree, context, cs);
      const signer = v.leaves_private.find((leaf) => leaf.index === path.sender);
      await send(path.sender, bytes(signer?.signature_priv ?? ""), members, tree, context, cs);
    }
  }
});

/** Checks that every private key given belongs to the public key of its node. */
async function privateState(
  leaf: Leaf,
  tree: RatchetTree,
  cs: CiphersuiteImpl,
): Promise<PrivateKeyPath> {
  const privateKeys: Record<number, Uint8Array> = {
    [leafToNodeIndex(toLeafIndex(leaf.index))]: bytes(leaf.encryption_priv),
  };
  for (const { node, path_secret: secret } of leaf.path_secrets) {
    const pair = await cs.hpke.deriveKeyPair(await deriveSecret(bytes(secret), "node", cs.kdf));
    const inTree = tree[node];
    if (inTree === undefined) throw new Error(`node ${node} is blank`);
    equal(hex(await cs.hpke.exportPublicKey(pair.publicKey)), hex(getHpkePublicKey(inTree)));
    privateKeys[node] = await cs.hpke.exportPrivateKey(pair.privateKey);
  }
  return { leafIndex: leaf.index, privateKeys };
}

async function receive(
  vector: Path,
  members: ReadonlyMap<number, PrivateKeyPath>,
  tree: RatchetTree,
  context: GroupContext,
  cs: CiphersuiteImpl,
): Promise<void> {
  const sender = toLeafIndex(vector.sender);
  const path = whole(decodeUpdatePath, bytes(vector.update_path));
  const { groupId } = context;
  equal(await verifyLeafNodeSignature(path.leafNode, groupId, sender, cs.signature), true);
  const after = await applyUpdatePath(tree, sender, path, cs.hash, false, []);
  const treeHash = await treeHashRoot(after, cs.hash);
  equal(hex(treeHash), vector.tree_hash_after);
  for (const [leaf, wanted] of vector.path_secrets.entries()) {
    const member = members.get(leaf);
    if (wanted === null || member === undefined) continue;
    const got = await applyUpdatePathSecret(
      tree,
      member,
      sender,
      { ...context, treeHash },
      path,
      [],
      cs,
    );
    equal(hex(got.pathSecret), wanted);
    const secrets = await pathToRoot(after, got.nodeIndex, got.pathSecret, cs.kdf);
    await toPrivateKeyPath(secrets, leaf, cs, after);
    const commitSecret = await commitSecretOfPath(after, got.nodeIndex, secrets, cs.kdf);
    equal(hex(commitSecret), vector.commit_secret);
  }
}

/** A path of our own: every other member arrives at the same commit secret. */
async function send(
  from: number,
  signaturePrivateKey: Uint8Array,
  members: ReadonlyMap<number, PrivateKeyPath>,
  tree: RatchetTree,
  context: GroupContext,
  cs: CiphersuiteImpl,
): Promise<void> {
  const sender = toLeafIndex(from);
  const [after, path, secrets] = await createUpdatePath(
    tree,
    sender,
    context,
    signaturePrivateKey,
    cs,
  );
  const top = secrets.at(-1);
  if (top === undefined) throw new Error("a path without nodes");
  const commitSecret = await getCommitSecret(after, toNodeIndex(top.nodeIndex), top.secret, cs.kdf);
  const applied = await applyUpdatePath(tree, sender, path, cs.hash, false, []);
  const treeHash = await treeHashRoot(applied, cs.hash);
  equal(hex(treeHash), hex(await treeHashRoot(after, cs.hash)));
  const receiver = { ...context, treeHash, epoch: context.epoch + 1n };
  for (const [leaf, member] of members) {
    if (leaf === from) continue;
    const got = await applyUpdatePathSecret(tree, member, sender, receiver, path, [], cs);
    const own = await pathToRoot(applied, got.nodeIndex, got.pathSecret, cs.kdf);
    equal(hex(await commitSecretOfPath(applied, got.nodeIndex, own, cs.kdf)), hex(commitSecret));
  }
}
