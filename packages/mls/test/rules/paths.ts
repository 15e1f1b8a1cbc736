import { concatBytes } from "@treehouse/protocol";
import type { LeafNodeCommit } from "ts-mls/leafNode.js";
import type { UpdatePath } from "ts-mls/updatePath.js";

import { leafAt } from "../../src/tree/index.ts";
import type { Newcomer } from "../world/room.ts";
import type { CommitRow } from "./commit-rows.ts";
import { rowsFrom } from "./commit-rows.ts";
import type { Draft } from "./draft.ts";
import { withPath, withPathLeaf } from "./draft.ts";
import type { BaseName, Lab } from "./lab.ts";
import type { LeafRow } from "./leaves.ts";
import { comebackRows, identityRows, leafRows, userRows } from "./leaves.ts";

type Node = UpdatePath["nodes"][number];

const withNodes =
  (change: (nodes: readonly Node[]) => readonly Node[]): CommitRow["make"] =>
  (draft) =>
    withPath(draft, (path) => ({ ...path, nodes: [...change(path.nodes)] }));

const withFirstNode = (change: (node: Node) => Partial<Node>) =>
  withNodes(([first, ...rest]) => {
    if (first === undefined) throw new Error("The path has no node.");
    return [{ ...first, ...change(first) }, ...rest];
  });

const withFirstSecret = (
  change: (secret: Node["encryptedPathSecret"][number]) => {
    kemOutput: Uint8Array;
    ciphertext: Uint8Array;
  },
) =>
  withFirstNode(({ encryptedPathSecret: [first, ...rest] }) => {
    if (first === undefined) throw new Error("The node has no secret.");
    return { encryptedPathSecret: [change(first), ...rest] };
  });

const withLeaf =
  (
    change: (leaf: LeafNodeCommit, draft: Draft, lab: Lab) => Partial<LeafNodeCommit>,
  ): CommitRow["make"] =>
  (draft, lab) =>
    withPathLeaf(lab, draft, (leaf) => ({ ...leaf, ...change(leaf, draft, lab) }));

function roomLeaf({ base }: Draft, leaf: number) {
  const found = leafAt(base.state.ratchetTree, leaf);
  if (found === undefined) throw new Error("The leaf is blank.");
  return found;
}

function parentKey({ base }: Draft): Uint8Array {
  const { ratchetTree } = base.state;
  const node = ratchetTree.find((one) => one?.nodeType === "parent");
  if (node?.nodeType !== "parent") throw new Error("The parent is blank.");
  return node.parent.hpkePublicKey;
}

/** A leaf of another source in a path, in that source's form: no decoder takes it. */
function otherSource(source: number, info: readonly number[]): CommitRow["make"] {
  return ({ base: { commit }, content }) => {
    const hash = content.commit.path?.leafNode.parentHash;
    if (hash === undefined) throw new Error("The commit has no path.");
    const at = commit.findIndex((_, start) => hash.every((one, i) => commit[start + i] === one));
    const before = commit.subarray(0, at - 2);
    return concatBytes(before, new Uint8Array([source, ...info]), commit.subarray(at + 32));
  };
}

/** RFC 9420 §7.5, §7.6, §12.4.2: the path of a commit. */
const ofPath: readonly CommitRow[] = [
  ...rowsFrom("update", [
    ["form", "a KeyPackage's leaf in the path", otherSource(1, Array(16).fill(1)), "malformed"],
    ["form", "an Update's leaf in the path", otherSource(2, []), "malformed"],
    ["pathLength", "no nodes", withNodes(() => [])],
    ["pathLength", "a node too few", withNodes((nodes) => nodes.slice(0, -1))],
    ["pathLength", "a node too many", withNodes((nodes) => [...nodes, ...moreOf(nodes)])],
    ["pathCiphertextCount", "none", withFirstNode(() => ({ encryptedPathSecret: [] }))],
    [
      "pathCiphertextCount",
      "one too many",
      withFirstNode(({ encryptedPathSecret: all }) => ({
        encryptedPathSecret: [...all, ...all.slice(0, 1)],
      })),
    ],
    [
      "pathCiphertextLength",
      "a KEM output of 31 octets",
      withFirstSecret((one) => ({ ...one, kemOutput: one.kemOutput.slice(1) })),
    ],
    [
      "pathCiphertextLength",
      "a ciphertext of 47 octets",
      withFirstSecret((one) => ({ ...one, ciphertext: one.ciphertext.slice(1) })),
    ],
    [
      "pathCiphertextLength",
      "a ciphertext of 64 octets",
      withFirstSecret((one) => ({
        ...one,
        ciphertext: concatBytes(one.ciphertext, new Uint8Array(16)),
      })),
    ],
    ["pathKeyUnusable", "zero", withFirstNode(() => ({ hpkePublicKey: new Uint8Array(32) }))],
    [
      "pathKeyUnusable",
      "one of 31 octets",
      withFirstNode(() => ({ hpkePublicKey: new Uint8Array(31).fill(7) })),
    ],
    [
      "pathKeyTwice",
      "two nodes with one key",
      withNodes(([first, second, ...rest]) => {
        if (first === undefined || second === undefined) throw new Error("Too few nodes.");
        return [first, { ...second, hpkePublicKey: first.hpkePublicKey }, ...rest];
      }),
    ],
    [
      "pathKeyTwice",
      "the leaf's key again",
      (draft) =>
        withPath(draft, ({ leafNode, nodes: [first, ...rest] }) => {
          if (first === undefined) throw new Error("The path has no node.");
          return {
            leafNode,
            nodes: [{ ...first, hpkePublicKey: leafNode.hpkePublicKey }, ...rest],
          };
        }),
    ],
    [
      "pathKeyKnown",
      "a leaf's key",
      (draft, lab) =>
        withFirstNode(() => ({ hpkePublicKey: roomLeaf(draft, 2).hpkePublicKey }))(draft, lab),
    ],
    [
      "pathKeyKnown",
      "a parent's key",
      (draft, lab) => withFirstNode(() => ({ hpkePublicKey: parentKey(draft) }))(draft, lab),
    ],
    [
      "pathParentHash",
      "a node with another key",
      (draft, lab) =>
        withFirstNode(() => ({ hpkePublicKey: lab.world.crypto.hpkeGenerateKeyPair().publicKey }))(
          draft,
          lab,
        ),
    ],
    ["pathParentHash", "none", withLeaf(() => ({ parentHash: new Uint8Array() }))],
    ["pathParentHash", "zero octets", withLeaf(() => ({ parentHash: new Uint8Array(32) }))],
    [
      "pathLeafKeyKept",
      "the encryption key of before",
      withLeaf((_, draft) => ({ hpkePublicKey: roomLeaf(draft, 0).hpkePublicKey })),
    ],
    [
      "encryptionKeyTwice",
      "another member's encryption key",
      withLeaf((_, draft) => ({ hpkePublicKey: roomLeaf(draft, 1).hpkePublicKey })),
    ],
    [
      "encryptionKeyTwice",
      "a parent's key for the leaf",
      withLeaf((_, draft) => ({ hpkePublicKey: parentKey(draft) })),
    ],
    [
      "leafSignature",
      "of the leaf before",
      (draft) =>
        withPath(draft, (path) => {
          const { signature } = roomLeaf(draft, 0);
          return { ...path, leafNode: { ...path.leafNode, signature } };
        }),
    ],
    [
      "leafSignature",
      "for another place",
      async (draft, lab) => {
        const base = { ...draft.base, committerLeaf: 6 };
        const made = await withPathLeaf(lab, { ...draft, base }, (leaf) => leaf);
        return { ...made, base: draft.base };
      },
    ],
    [
      "leafSignature",
      "for another group",
      async (draft, lab) => {
        const { state } = draft.base;
        const groupContext = { ...state.groupContext, groupId: new Uint8Array(20) };
        const base = { ...draft.base, state: { ...state, groupContext } };
        const made = await withPathLeaf(lab, { ...draft, base }, (leaf) => leaf);
        return { ...made, base: draft.base };
      },
    ],
    [
      "committerChanged",
      "another client of the user",
      (draft, lab) => asClient(draft, lab, { keepsKey: true }),
    ],
  ]),
];

function moreOf(nodes: readonly Node[]): readonly Node[] {
  const [first] = nodes;
  if (first === undefined) throw new Error("The path has no node.");
  return [{ ...first, hpkePublicKey: first.hpkePublicKey.toReversed() }];
}

/** The committer turns into another client of its user, with or without its key. */
function asClient(draft: Draft, lab: Lab, { keepsKey }: { keepsKey: boolean }): Promise<Draft> {
  const { world, alice } = lab;
  const keys = keepsKey
    ? {
        privateKey: alice.identity.signaturePrivateKey,
        publicKey: alice.identity.signaturePublicKey,
      }
    : world.crypto.generateSignatureKeyPair();
  const other = world.client(alice.user, { keys });
  return withPathLeaf(lab, draft, (leaf) => ({
    ...leaf,
    credential: {
      credentialType: "basic",
      identity: new TextEncoder().encode(other.client),
    },
    extensions: leaf.extensions.map((one) =>
      one.extensionType === 0xf001 ? { ...one, extensionData: other.leafIdentity } : one,
    ),
  }));
}

function ofLeaf(from: BaseName, owner: (lab: Lab) => Newcomer, row: LeafRow): CommitRow {
  const { rule, name, code } = row;
  return {
    rule,
    name: `path: ${name}`,
    from,
    ...(code === undefined ? {} : { code }),
    make: (draft, lab) => withPathLeaf(lab, draft, (leaf) => row.change(leaf, lab, owner(lab))),
  };
}

/** What a leaf in a path can say wrongly of itself is what it can in a KeyPackage. */
export const pathRows: readonly CommitRow[] = [
  ...ofPath,
  ...leafRows.map((row) => ofLeaf("update", ({ alice }) => alice, row)),
  ...identityRows.map((row) => ofLeaf("joins", ({ newcomers }) => newcomers.ivan, row)),
  ...userRows.map((row) => ofLeaf("returns", ({ aliceThree }) => aliceThree, row)),
  ...comebackRows.map((row) => ofLeaf("replaces", ({ carolTwo }) => carolTwo, row)),
  {
    rule: "signatureKeyTwice",
    name: "a joiner with a member's signature key",
    from: "joins",
    make: async (draft, lab) => {
      const { identity } = lab.bob;
      const keys = {
        privateKey: identity.signaturePrivateKey,
        publicKey: identity.signaturePublicKey,
      };
      const twin = lab.world.client(lab.newcomers.ivan.user, { keys });
      const made = await withPathLeaf(lab, { ...draft, signatureKey: keys.privateKey }, (leaf) => ({
        ...leaf,
        signaturePublicKey: keys.publicKey,
        credential: { credentialType: "basic", identity: new TextEncoder().encode(twin.client) },
        extensions: leaf.extensions.map((one) =>
          one.extensionType === 0xf001 ? { ...one, extensionData: twin.leafIdentity } : one,
        ),
      }));
      return made;
    },
  },
  {
    rule: "clientTwice",
    name: "a client that is there already, with another key",
    from: "joins",
    make: async (draft, lab) => {
      const keys = lab.world.crypto.generateSignatureKeyPair();
      const again = lab.world.client(lab.bob.user, { keys, as: lab.bob.identity.client });
      return withPathLeaf(lab, { ...draft, signatureKey: keys.privateKey }, (leaf) => ({
        ...leaf,
        signaturePublicKey: keys.publicKey,
        credential: { credentialType: "basic", identity: new TextEncoder().encode(again.client) },
        extensions: leaf.extensions.map((one) =>
          one.extensionType === 0xf001 ? { ...one, extensionData: again.leafIdentity } : one,
        ),
      }));
    },
  },
];
