import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS, Refusal } from "@treehouse/protocol";
import { joinGroupExternal } from "ts-mls/createCommit.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import { toTsMlsWith } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import { leafAt, readLeaf } from "../tree/index.ts";
import type { PublicState } from "../validity/index.ts";
import {
  applyCommit,
  checkGroupInfo,
  checkIdentities,
  checkLeafNodes,
  checkRoomState,
  readContext,
  TREE_RULES,
  verifyTreeAhead,
} from "../validity/index.ts";
import { decodeTree, decodeUntrusted, groupInfoKind, refuseOn } from "../wire/index.ts";
import type {
  ClientIdentity,
  GroupMember,
  MemberContext,
  MemberGroup,
  PreparedCommit,
} from "./face.ts";
import { Group } from "./group.ts";
import { exportGroupInfo } from "./group-info.ts";
import { makeKeyPackage } from "./key-package.ts";
import { liveWith } from "./snapshot.ts";

/**
 * Joins by an external commit, which may remove one former leaf of the same user (`removeLeaf`).
 * The group is usable once the commit was accepted and adopted. `at` is about when the hub will
 * judge it. That the GroupInfo is recent, and its signer known, is for the caller to know (T-20).
 * Refusals: malformed, tooLarge, invalidCommit, identityInvalid, limitExceeded.
 */
export async function joinExternal(
  context: MemberContext,
  identity: ClientIdentity,
  input: {
    groupInfo: Bytes;
    ratchetTree: Bytes;
    removeLeaf?: number;
    authenticatedData: Bytes;
    at: number;
  },
): Promise<{ prepared: PreparedCommit; group: MemberGroup; signer: GroupMember }> {
  const { crypto } = context;
  const groupInfo = decodeUntrusted(groupInfoKind, input.groupInfo);
  const { groupContext, confirmationTag } = groupInfo;
  readContext(groupContext);
  checkRoomState(groupContext);
  const ratchetTree = decodeTree(input.ratchetTree);
  const before: PublicState = { groupContext, ratchetTree, confirmationTag, proposals: [] };
  await checkGroupInfo(crypto, before, input.groupInfo, undefined);
  checkLeafNodes(crypto, ratchetTree);
  const verify = await verifyTreeAhead(crypto, ratchetTree, groupContext);
  checkIdentities({ verify }, ratchetTree);
  const options = { lifetimeMs: LIMITS.keyPackageLifetimeMaxMs, lastResort: false };
  const own = await makeKeyPackage(context, identity, options);
  const { removeLeaf } = input;
  const join = () =>
    joinGroupExternal(
      groupInfo,
      own.publicPackage,
      own.privatePackage,
      false,
      toTsMlsWith(crypto, verify),
      ratchetTree,
      clientConfig(input.at),
      input.authenticatedData,
      removeLeaf === undefined ? {} : { removeLeafIndex: removeLeaf },
    );
  const { publicMessage, newState } = await refuseOn("invalidCommit", join, TREE_RULES);
  const commit = copyBytes(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }),
  );
  // What the hub would refuse is refused here, with the same reason.
  await applyCommit(crypto, before, commit, input.at);
  const epoch = Number(newState.groupContext.epoch);
  const info = await exportGroupInfo(crypto, newState);
  const prepared = { commit, welcome: undefined, groupInfo: info, epoch, next: undefined };
  const live = { ...liveWith(newState, []), joining: true, prepared };
  const group = new Group(context, identity, live, undefined);
  if (group.prepared === undefined) throw new Refusal("internal", "nothing was prepared");
  return { prepared: group.prepared, group, signer: memberAt(ratchetTree, groupInfo.signer) };
}

function memberAt(tree: RatchetTree, leaf: number): GroupMember {
  const node = leafAt(tree, leaf);
  if (node === undefined) throw new Refusal("invalidCommit", "the GroupInfo's signer is no member");
  return { leaf, ...readLeaf(node) };
}
