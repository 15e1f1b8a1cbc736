import type { Node } from "ts-mls/ratchetTree.js";
import { copyBytes } from "@treehouse/protocol";

import { decodeTreeNode } from "../tree/index.ts";
import type { PublicState } from "../validity/index.ts";
import { checkProposal, readContext } from "../validity/index.ts";
import { decodeUntrusted, groupContextKind, refuseOn } from "../wire/index.ts";
import type { PublicContext, PublicGroup, StoredPublicGroup } from "./face.ts";
import { publicGroup } from "./public-group.ts";

/**
 * Reads a group of one's own storage, which is trusted: signatures in the tree are not verified
 * again. Octets that cannot be read are a Refusal "malformed".
 */
export async function loadPublicGroup(
  context: PublicContext,
  stored: StoredPublicGroup,
): Promise<PublicGroup> {
  const state = await refuseOn("malformed", () => restore(context, stored));
  return publicGroup(context, { state, groupInfo: copyBytes(stored.groupInfo) });
}

async function restore(context: PublicContext, stored: StoredPublicGroup): Promise<PublicState> {
  const groupContext = decodeUntrusted(groupContextKind, stored.groupContext);
  readContext(groupContext);
  const ratchetTree: (Node | undefined)[] = Array.from({ length: stored.size });
  for (const [index, node] of stored.nodes) {
    if (index < stored.size) ratchetTree[index] = decodeTreeNode(node);
  }
  const confirmationTag = copyBytes(stored.confirmationTag);
  let state: PublicState = { groupContext, ratchetTree, confirmationTag, proposals: [] };
  for (const { message } of stored.proposals) {
    const proposal = await checkProposal(context.crypto, state, message);
    state = { ...state, proposals: [...state.proposals, proposal] };
  }
  return state;
}
