import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { copyBytes, LIMITS } from "@treehouse/protocol";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { encodeRatchetTree } from "ts-mls/ratchetTree.js";
import { treeHashRoot } from "ts-mls/treeHash.js";

import { joinExternal } from "../../src/member/index.ts";
import { registerGroup } from "../../src/public/index.ts";
import { decodeTree } from "../../src/wire/index.ts";
import { none } from "../world/room.ts";
import { changedGroupInfo } from "./draft.ts";
import type { Lab } from "./lab.ts";
import { verdictOf } from "./lab.ts";

export type TreeRow = {
  readonly rule: HandshakeRule;
  readonly name: string;
  readonly code: RefusalCode;
  readonly octets?: (tree: Bytes) => Bytes;
  readonly change?: (tree: RatchetTree) => RatchetTree | Promise<RatchetTree>;
  readonly info?: (info: GroupInfo) => Partial<GroupInfo>;
  /** The GroupInfo tells the hash of the tree before. */
  readonly keepsHash?: true;
  readonly signedBy?: (lab: Lab) => Uint8Array;
};

/**
 * A whole tree and the GroupInfo that a member signed for it, as a server gets them that begins to
 * follow a group, and a client that joins by itself. Whoever makes them is a member: the tree hash
 * is that of the changed tree, and the signature holds.
 */
export async function treeVerdicts(lab: Lab, row: Partial<TreeRow>) {
  const { groupInfo, ratchetTree } = currentOf(lab);
  const tree = (await row.change?.(decodeTree(ratchetTree))) ?? decodeTree(ratchetTree);
  const treeHash = await treeHashRoot(tree, lab.cs.hash).catch(() => undefined);
  const key = row.signedBy?.(lab) ?? lab.alice.identity.signaturePrivateKey;
  const info = await changedGroupInfo(lab, groupInfo, key, (one) => {
    const { groupContext } = one;
    const hashed = row.keepsHash || treeHash === undefined ? {} : { treeHash };
    const base = { ...one, groupContext: { ...groupContext, ...hashed } };
    return { ...base, ...row.info?.(base) };
  });
  const encoded = row.change === undefined ? ratchetTree : copyBytes(encodeRatchetTree(tree));
  const given = { groupInfo: info, ratchetTree: row.octets?.(encoded) ?? encoded, at: lab.at };
  const { world, newcomers } = lab;
  const leavesMax = LIMITS.treeLeavesMax;
  return {
    server: await verdictOf(() => registerGroup(world.context, { ...given, leavesMax })),
    joiner: await verdictOf(() =>
      joinExternal(world.context, newcomers.ivan.identity, { ...given, authenticatedData: none }),
    ),
  };
}

function currentOf({ judges }: Lab) {
  const { hub } = judges("update");
  return { groupInfo: hub.groupInfo, ratchetTree: hub.ratchetTree() };
}

export function bad(
  rule: HandshakeRule,
  name: string,
  row: Omit<TreeRow, "rule" | "name" | "code">,
  code: RefusalCode = "invalidCommit",
): TreeRow {
  return { rule, name, code, ...row };
}
