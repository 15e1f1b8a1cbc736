/** T-22: a tree is checked with work that follows its size, whatever is written in it. */
import type { CiphersuiteImpl } from "ts-mls";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { expect, test } from "vitest";

import { Group, client, cs } from "./world.ts";

const leaves = 1_024;

test("T-22 parents that list every leaf as unmerged cost no more hashes than a full tree", async () => {
  const group = await Group.of(["m0", "m1"]);
  await group.commit("m0");
  const [own] = group.state("m0").ratchetTree;
  const { publicPackage } = await client("X");
  if (own?.nodeType !== "leaf") throw new Error("leaf");
  // leaves that claim to come from a commit have a parent hash to be looked at
  const leaf = { ...publicPackage.leafNode, ...own.leaf, parentHash: new Uint8Array(32) };
  const everybody = Array.from({ length: leaves }, (_, i) => i);
  const below = (node: number) => {
    const reach = 2 ** levelOf(node) / 2;
    const first = (node + 1) / 2 - reach;
    return everybody.slice(Math.max(0, first), first + 2 * reach);
  };
  const parent = (node: number) => ({
    nodeType: "parent" as const,
    parent: {
      hpkePublicKey: cs.rng.randomBytes(32),
      parentHash: new Uint8Array(32),
      unmergedLeaves: below(node),
    },
  });
  // only the root, above every leaf: the tree is hashed as it is, which is remembered for the tree hash that
  // is looked at next, and once without the unmerged leaves; not once per leaf
  const rootOnly = { isThere: (node: number) => node === leaves - 1, bound: 4 * leaves + 16 };
  const all = { isThere: () => true, bound: 2 * leaves * (Math.log2(leaves) + 2) };
  for (const { isThere, bound } of [rootOnly, all]) {
    const tree: RatchetTree = Array.from({ length: 2 * leaves - 1 }, (_, node) => {
      if (node % 2 === 0) return { nodeType: "leaf" as const, leaf: { ...leaf } };
      return isThere(node) ? parent(node) : undefined;
    });
    let hashes = 0;
    const count = <T>(value: T): T => {
      hashes += 1;
      return value;
    };
    const counted: CiphersuiteImpl["hash"] = {
      ...cs.hash,
      digest: (data) => count(cs.hash.digest(data)),
      digestSync: (data) => count(cs.hash.digestSync?.(data) ?? new Uint8Array()),
    };
    expect(await verifyParentHashes(tree, counted)).toBe(false);
    expect(hashes).toBeLessThanOrEqual(bound);
  }
});

function levelOf(node: number): number {
  let level = 0;
  while (((node >> level) & 1) === 1) level += 1;
  return level;
}
