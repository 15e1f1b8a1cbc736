import type { Bytes, Domain, GroupUri } from "@treehouse/protocol";
import { copyBytes, LIMITS, utf8Encode } from "@treehouse/protocol";
import { createGroup } from "ts-mls/clientState.js";
import type { ClientState } from "ts-mls/clientState.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import type { Node, RatchetTree } from "ts-mls/ratchetTree.js";
import { extendRatchetTree } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import {
  directPath,
  leafToNodeIndex,
  leafWidth,
  toLeafIndex,
  toNodeIndex,
} from "ts-mls/treemath.js";
import { createUpdatePath } from "ts-mls/updatePath.js";

import { toTsMls } from "../crypto/index.ts";
import type { ClientIdentity, MemberContext, MemberGroup } from "../member/face.ts";
import { exportGroupInfo } from "../member/group-info.ts";
import { Group } from "../member/group.ts";
import { makeKeyPackage } from "../member/key-package.ts";
import { liveWith } from "../member/snapshot.ts";
import { clientConfig, groupExtensions } from "../profile/index.ts";
import type { PublicGroup } from "../public/index.ts";
import { loadPublicGroup } from "../public/index.ts";
import { encodeTreeNode } from "../tree/index.ts";

export type Populated = {
  /** The group as the client of this leaf has it. */
  readonly memberAt: (leaf: number) => MemberGroup;
  readonly publicGroup: PublicGroup;
};

/**
 * A group as it is after long use: every place above two members has a key, nobody is unmerged, and
 * parent hashes and leaf signatures hold, as if every second member had made a commit. It is put
 * together by whoever has all the private keys, which takes a second where the commits would take
 * minutes. One client of each user, in the order of `clients`.
 */
export async function populate(
  context: MemberContext,
  clients: readonly ClientIdentity[],
  options: { group: GroupUri; roomState: Bytes; hubKey: Bytes; hubDomain: Domain },
): Promise<Populated> {
  const cs = toTsMls(context.crypto);
  const lifetimeMs = LIMITS.keyPackageLifetimeMaxMs;
  const packages = [];
  for (const client of clients) {
    packages.push(await makeKeyPackage(context, client, { lifetimeMs, lastResort: false }));
  }
  const [first] = packages;
  if (first === undefined) throw new Error("A group has members.");
  const founded = await createGroup(
    utf8Encode(options.group),
    first.publicPackage,
    first.privatePackage,
    groupExtensions(options),
    cs,
    clientConfig(context.now()),
  );
  const keys = new Map<number, Uint8Array>();
  let tree: RatchetTree = extendRatchetTree(
    packages.flatMap(({ publicPackage, privatePackage }, leaf): (Node | undefined)[] => {
      keys.set(2 * leaf, privatePackage.hpkePrivateKey);
      const node: Node = { nodeType: "leaf", leaf: publicPackage.leafNode };
      return leaf === 0 ? [node] : [undefined, node];
    }),
  );
  const everywhere = Array.from(tree.keys(), toNodeIndex);
  for (const [leaf, { privatePackage }] of packages.entries()) {
    if (leaf % 2 === 1) continue;
    const [after, , , leafKey, own] = await createUpdatePath(
      tree,
      toLeafIndex(leaf),
      founded.groupContext,
      privatePackage.signaturePrivateKey,
      cs,
      everywhere,
    );
    tree = after;
    for (const [node, key] of Object.entries(own.privateKeys)) keys.set(Number(node), key);
    keys.set(2 * leaf, await cs.hpke.exportPrivateKey(leafKey));
  }
  const width = leafWidth(tree.length);
  const state: ClientState = {
    ...founded,
    ratchetTree: tree,
    groupContext: { ...founded.groupContext, treeHash: await treeHashRoot(tree, cs.hash) },
    secretTree: await createSecretTree(width, context.crypto.random(32), cs.kdf),
  };
  const groupInfo = await exportGroupInfo(context.crypto, state);
  return {
    memberAt(leaf) {
      const identity = clients[leaf];
      if (identity === undefined) throw new Error("Nobody has this leaf.");
      const place = leafToNodeIndex(toLeafIndex(leaf));
      const privateKeys: Record<number, Uint8Array> = {};
      for (const node of [place, ...directPath(place, width)]) {
        const key = keys.get(node);
        if (key !== undefined) privateKeys[node] = key;
      }
      const own = { ...state, privatePath: { leafIndex: leaf, privateKeys } };
      return new Group(context, identity, liveWith(own, []), undefined);
    },
    publicGroup: await loadPublicGroup(context, {
      groupContext: copyBytes(encodeGroupContext(state.groupContext)),
      confirmationTag: copyBytes(state.confirmationTag),
      groupInfo,
      size: tree.length,
      nodes: new Map(
        tree.flatMap((node, index): [number, Bytes][] =>
          node === undefined ? [] : [[index, encodeTreeNode(node)]],
        ),
      ),
      proposals: [],
    }),
  };
}
