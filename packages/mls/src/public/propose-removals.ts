import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS, Refusal } from "@treehouse/protocol";
import { encodeMlsMessage } from "ts-mls/message.js";
import { protectExternalProposalPublic } from "ts-mls/messageProtectionPublic.js";

import { toTsMls } from "../crypto/index.ts";
import { checkProposal } from "../validity/index.ts";
import type { PublicContext, PublicGroup } from "./face.ts";
import type { Make, Tracked } from "./tracked.ts";

export async function proposeRemovals(
  context: PublicContext,
  tracked: Tracked,
  input: { leaves: readonly number[]; hubPrivateKey: Bytes },
  make: Make,
): Promise<{ group: PublicGroup; messages: readonly Bytes[] }> {
  let { state } = tracked;
  const pending = new Set(state.proposals.map(({ removes }) => removes));
  const wanted = [...new Set(input.leaves)]
    .filter((leaf) => !pending.has(leaf))
    .sort((a, b) => a - b);
  const limitName = "removalIntentsPerEpochMax";
  const limit = LIMITS[limitName];
  if (pending.size + wanted.length > limit) {
    throw new Refusal("limitExceeded", "too many removals in one epoch", { limitName, limit });
  }
  const messages: Bytes[] = [];
  for (const removed of wanted) {
    const { publicMessage } = await protectExternalProposalPublic(
      input.hubPrivateKey,
      state.groupContext,
      new Uint8Array(),
      { proposalType: "remove", remove: { removed } },
      { senderType: "external", senderIndex: 0 },
      toTsMls(context.crypto),
    );
    const message = copyBytes(
      encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }),
    );
    // Also proves that the key given is the hub's and that the leaf is a member's.
    const proposal = await checkProposal(context.crypto, state, message);
    state = { ...state, proposals: [...state.proposals, proposal] };
    messages.push(message);
  }
  return { group: make({ ...tracked, state }), messages };
}
