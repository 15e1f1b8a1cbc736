import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import { broken, decodeTree, decodeUntrusted, groupInfoKind } from "../wire/index.ts";
import { leafAt, leavesOf, readLeaf } from "../tree/index.ts";
import {
  checkGroupInfo,
  checkIdentity,
  checkRoomState,
  checkTree,
  readContext,
} from "../validity/index.ts";
import type { PublicContext, PublicGroup } from "./face.ts";
import { publicGroup } from "./public-group.ts";

/**
 * Begins to follow a group from the GroupInfo that a member signed, and the tree it belongs to.
 * Checking a tree takes about half a millisecond per leaf, so trees with more than one place for a
 * leaf, which is what a new room has, must be asked for. The signer's identity is judged at `at`.
 * Refusals: malformed, tooLarge, invalidCommit, identityInvalid, limitExceeded.
 */
export async function registerGroup(
  context: PublicContext,
  input: { groupInfo: Bytes; ratchetTree: Bytes; at: number; leavesMax?: number },
): Promise<PublicGroup> {
  const { crypto } = context;
  const groupInfo = decodeUntrusted(groupInfoKind, input.groupInfo);
  const ratchetTree = decodeTree(input.ratchetTree, input.leavesMax ?? 1);
  const { groupContext, confirmationTag, signer } = groupInfo;
  const { epoch } = readContext(groupContext);
  checkRoomState(groupContext);
  if (epoch === 0 && leavesOf(ratchetTree).length !== 1) {
    throw broken("foundedAlone");
  }
  const state = { groupContext, ratchetTree, confirmationTag, proposals: [] };
  await checkGroupInfo(crypto, state, input.groupInfo, undefined);
  await checkTree(crypto, ratchetTree, groupContext);
  const leaf = leafAt(ratchetTree, signer);
  if (leaf === undefined) throw broken("groupInfoSignerBlank");
  checkIdentity(crypto, readLeaf(leaf), input.at);
  return publicGroup(context, { state, groupInfo: copyBytes(input.groupInfo) });
}
