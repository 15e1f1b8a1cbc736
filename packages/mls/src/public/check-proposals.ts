import type { Bytes } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";

import { checkProposal } from "../validity/index.ts";
import { broken } from "../wire/index.ts";
import type { CheckedProposals, PublicContext } from "./face.ts";
import type { Make, Tracked } from "./tracked.ts";

export async function checkProposals(
  context: PublicContext,
  tracked: Tracked,
  messages: readonly Bytes[],
  make: Make,
): Promise<CheckedProposals> {
  if (messages.length === 0 || messages.length > LIMITS.proposalsPerCommitMax) {
    throw broken("proposedCount", "invalidProposal");
  }
  let { state } = tracked;
  const removes: number[] = [];
  const senders = new Set<number | undefined>();
  for (const message of messages) {
    const proposal = await checkProposal(context.crypto, state, message);
    state = { ...state, proposals: [...state.proposals, proposal] };
    removes.push(proposal.removes);
    senders.add(proposal.senderLeaf);
  }
  if (senders.size !== 1) throw broken("proposedBySeveral", "invalidProposal");
  const [senderLeaf] = senders;
  return { group: make({ ...tracked, state }), senderLeaf, removes };
}
