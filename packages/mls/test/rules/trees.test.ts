import type { Bytes } from "@treehouse/protocol";
import { concatBytes, LEAF_IDENTITY_EXTENSION, LIMITS } from "@treehouse/protocol";
import type { LeafNode } from "ts-mls/leafNode.js";
import { signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import type { Node, RatchetTree } from "ts-mls/ratchetTree.js";
import { beforeAll, describe, expect, test } from "vitest";

import type { Lab } from "./lab.ts";
import { openLab } from "./lab.ts";
import { identityRows, leafRows } from "./leaves.ts";
import type { TreeRow } from "./tree-judges.ts";
import { bad, treeVerdicts } from "./tree-judges.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await openLab(6_004);
});

/** Frank's leaf is unmerged everywhere: no parent hash depends on what stands in it. */
const frankAt = 6;

const leafChange =
  (change: (leaf: LeafNode) => LeafNode) =>
  async (tree: RatchetTree): Promise<RatchetTree> => {
    const node = tree[frankAt];
    if (node?.nodeType !== "leaf" || node.leaf.leafNodeSource !== "key_package") {
      throw new Error("Frank's leaf is another.");
    }
    const changed = change(node.leaf);
    if (changed.leafNodeSource !== "key_package") throw new Error("Not a KeyPackage's leaf.");
    const key = lab.frank.identity.signaturePrivateKey;
    const tbs = { ...changed, leafNodeSource: changed.leafNodeSource };
    const leaf = await signLeafNodeKeyPackage(tbs, key, lab.cs.signature);
    return tree.with(frankAt, { nodeType: "leaf", leaf });
  };

const parentChange =
  (at: number, change: (parent: Extract<Node, { nodeType: "parent" }>["parent"]) => object) =>
  (tree: RatchetTree): RatchetTree => {
    const node = tree[at];
    if (node?.nodeType !== "parent") throw new Error("The parent is blank.");
    return tree.with(at, {
      nodeType: "parent",
      parent: { ...node.parent, ...change(node.parent) },
    });
  };

const unmerged = (at: number, unmergedLeaves: number[]) =>
  parentChange(at, () => ({ unmergedLeaves }));

function leafOf(tree: RatchetTree, at: number): LeafNode {
  const node = tree[at];
  if (node?.nodeType !== "leaf") throw new Error("The leaf is blank.");
  return node.leaf;
}

const octets = new Uint8Array(32).fill(9);
const zero = new Uint8Array(32);

const treeRows: readonly TreeRow[] = [
  bad("form", "no octets", { octets: () => new Uint8Array() }, "malformed"),
  bad("form", "an octet short", { octets: (tree) => tree.slice(0, -1) }, "malformed"),
  bad(
    "form",
    "an octet too many",
    { octets: (tree) => concatBytes(tree, new Uint8Array(1)) },
    "malformed",
  ),
  bad("form", "an empty tree", { octets: () => new Uint8Array(1) }, "malformed"),
  bad("form", "a blank place at its end", { octets: withBlankEnd }, "malformed"),
  bad("form", "an unknown kind of node", { octets: () => new Uint8Array([2, 1, 9]) }, "malformed"),
  bad(
    "octets",
    "more than 16 MiB",
    { octets: () => new Uint8Array(LIMITS.ratchetTreeBytesMax + 1) },
    "tooLarge",
  ),
  bad(
    "elements",
    "200,000 unmerged leaves",
    {
      change: unmerged(
        7,
        Array.from({ length: 200_000 }, () => 3),
      ),
    },
    "limitExceeded",
  ),
  bad(
    "treeShape",
    "a leaf in a parent's place",
    { change: (tree) => tree.with(5, tree[0]) },
    "malformed",
  ),
  bad(
    "treeShape",
    "a parent in a leaf's place",
    { change: (tree) => tree.with(8, tree[7]) },
    "malformed",
  ),
  bad(
    "treeShape",
    "an unmerged leaf beyond the tree",
    { change: unmerged(7, [3, 1_000_000]) },
    "malformed",
  ),
  bad("treeShape", "an unmerged leaf that is blank", { change: unmerged(7, [3, 4]) }, "malformed"),
  bad("unmergedLeaves", "unmerged leaves that descend", { change: unmerged(7, [5, 3]) }),
  bad("unmergedLeaves", "an unmerged leaf twice", { change: unmerged(7, [3, 3]) }),
  bad("unmergedLeaves", "an unmerged leaf below another parent", { change: unmerged(3, [3, 5]) }),
  bad("unmergedBetween", "an unmerged leaf at the root alone", { change: unmerged(3, []) }),
  bad("encryptionKeyTwice", "two leaves with one key", {
    change: (tree) =>
      leafChange((leaf) => ({ ...leaf, hpkePublicKey: leafOf(tree, 0).hpkePublicKey }))(tree),
  }),
  bad("encryptionKeyTwice", "a leaf and a parent with one key", {
    change: (tree) =>
      parentChange(1, () => ({ hpkePublicKey: leafOf(tree, 0).hpkePublicKey }))(tree),
  }),
  bad("encryptionKeyTwice", "two parents with one key", {
    change: (tree) => {
      const root = tree[7];
      if (root?.nodeType !== "parent") throw new Error("The root is blank.");
      return parentChange(1, () => ({ hpkePublicKey: root.parent.hpkePublicKey }))(tree);
    },
  }),
  bad("signatureKeyTwice", "two leaves with one signature key", { change: twinOfAlice }),
  bad("leafSignature", "of a KeyPackage's leaf", {
    change: (tree) => {
      const leaf = { ...leafOf(tree, frankAt), signature: new Uint8Array(64) };
      return tree.with(frankAt, { nodeType: "leaf", leaf });
    },
  }),
  bad("leafSignature", "of a leaf that came by a path", {
    change: (tree) => {
      const leaf = { ...leafOf(tree, 2), signature: leafOf(tree, 4).signature };
      return tree.with(2, { nodeType: "leaf", leaf });
    },
  }),
  bad("leafSignature", "of two leaves that changed places", {
    change: (tree) => tree.with(2, tree[4]).with(4, tree[2]),
  }),
  bad("parentKeyUnusable", "a parent's key of zero", {
    change: parentChange(1, () => ({ hpkePublicKey: zero })),
  }),
  bad("parentHash", "another key of a parent", {
    change: parentChange(3, () => ({ hpkePublicKey: octets })),
  }),
  bad("parentHash", "another parent hash in a parent", {
    change: parentChange(3, () => ({ parentHash: octets })),
  }),
  bad("parentHash", "a parent that is in no leaf's chain", {
    change: (tree) => {
      const root = tree[7];
      if (root?.nodeType !== "parent") throw new Error("The root is blank.");
      const parent = {
        ...root.parent,
        hpkePublicKey: octets,
        parentHash: octets,
        unmergedLeaves: [],
      };
      return tree.with(11, { nodeType: "parent", parent });
    },
  }),
  bad("parentHash", "the leaf blanked that has a parent's hash", {
    change: (tree) => tree.with(2, undefined),
  }),
  bad("treeHash", "another leaf than the group has", {
    keepsHash: true,
    change: leafChange((leaf) => ({
      ...leaf,
      extensions: [...leaf.extensions, { extensionType: "application_id", extensionData: octets }],
    })),
  }),
  bad("treeHash", "a hash of nothing", {
    info: ({ groupContext }) => ({ groupContext: { ...groupContext, treeHash: octets } }),
  }),
  bad("clientTwice", "a second leaf of a client", {
    change: (tree) =>
      leafChange((leaf) => ({ ...leaf, credential: leafOf(tree, 2).credential }))(tree),
  }),
];

/** The tree's content has 64 octets to 16 KiB: a length of two octets. */
function withBlankEnd(tree: Bytes): Bytes {
  const length = tree.length - 2 + 1;
  const prefix = new Uint8Array([0x40 | (length >> 8), length & 0xff]);
  return concatBytes(prefix, tree.subarray(2), new Uint8Array(1));
}

/** Frank's leaf with Alice's key, certified for it, and signed with it. */
async function twinOfAlice(tree: RatchetTree): Promise<RatchetTree> {
  const { signaturePublicKey: publicKey, signaturePrivateKey: privateKey } = lab.alice.identity;
  const { client } = lab.frank.identity;
  const keys = { publicKey, privateKey };
  const twin = lab.world.client(lab.frank.user, { keys, as: client });
  const leaf = leafOf(tree, frankAt);
  if (leaf.leafNodeSource !== "key_package") throw new Error("Not a KeyPackage's leaf.");
  const tbs = {
    ...leaf,
    leafNodeSource: leaf.leafNodeSource,
    signaturePublicKey: publicKey,
    extensions: leaf.extensions.map((one) =>
      one.extensionType === LEAF_IDENTITY_EXTENSION
        ? { ...one, extensionData: twin.leafIdentity }
        : one,
    ),
  };
  const signed = await signLeafNodeKeyPackage(tbs, privateKey, lab.cs.signature);
  return tree.with(frankAt, { nodeType: "leaf", leaf: signed });
}

/** What a leaf says wrongly of itself is refused in a tree as well. */
const everyLeafRow: readonly TreeRow[] = [...leafRows, ...identityRows]
  // Times are not judged again: they were when the leaf came in (FED-984).
  .filter(({ rule }) => rule !== "identityEarly" && rule !== "identityExpired")
  .map((row) => ({
    rule: row.rule,
    name: `leaf: ${row.name}`,
    code: row.code ?? "invalidCommit",
    change: leafChange((leaf) => row.change(leaf, lab, lab.frank)),
  }));

describe("T-21 T-22 FED-984 FED-995 a tree with its GroupInfo", () => {
  test("is taken as it is, and with a change that its member may make", async () => {
    const taken = { server: undefined, joiner: undefined };
    expect(await treeVerdicts(lab, {})).toEqual(taken);
    const change = leafChange((leaf) => ({
      ...leaf,
      extensions: [...leaf.extensions, { extensionType: "application_id", extensionData: octets }],
    }));
    expect(await treeVerdicts(lab, { change })).toEqual(taken);
  });

  test.each([...treeRows, ...everyLeafRow])(
    "is refused by servers and joiners alike: $rule ($name)",
    async (row) => {
      const verdict = { code: row.code, rule: row.rule };
      expect(await treeVerdicts(lab, row)).toEqual({ server: verdict, joiner: verdict });
    },
  );
});
