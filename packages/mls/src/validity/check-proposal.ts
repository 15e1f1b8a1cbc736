import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS, Refusal } from "@treehouse/protocol";
import { makeProposalRef } from "ts-mls/authenticatedContent.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { leafAt } from "../tree/index.ts";
import { decodeUntrusted, handshakeKind } from "../wire/index.ts";
import type { PendingRemoval, PublicState } from "./public-state.ts";
import { checkFraming, checkSignature } from "./read-handshake.ts";

/**
 * A proposal on its own: the hub (external sender 0) or a member proposes one removal. Everything
 * else travels by value inside a commit. At most one proposal per leaf is pending.
 * Refusals: malformed, wrongEpoch, invalidProposal, limitExceeded, tooLarge.
 */
export async function checkProposal(
  crypto: MlsCrypto,
  state: PublicState,
  bytes: Bytes,
): Promise<PendingRemoval> {
  const cs = toTsMls(crypto);
  const message = decodeUntrusted(handshakeKind, bytes);
  const { content } = message;
  if (content.contentType !== "proposal") throw invalid("not a proposal");
  checkFraming(state, message, "invalidProposal");
  const { sender, proposal } = content;
  const fromHub = sender.senderType === "external" && sender.senderIndex === 0;
  if (sender.senderType !== "member" && !fromHub) throw invalid("this sender may not propose");
  if (proposal.proposalType !== "remove") throw invalid("only removals may be proposed");
  if (!("remove" in proposal)) throw invalid("only removals may be proposed");
  const { removed } = proposal.remove;
  if (leafAt(state.ratchetTree, removed) === undefined) throw invalid("the leaf is blank");
  if (state.proposals.some(({ removes }) => removes === removed)) {
    throw invalid("the removal is proposed already");
  }
  const limitName = "removalIntentsPerEpochMax";
  const limit = LIMITS[limitName];
  if (state.proposals.length >= limit) {
    throw new Refusal("limitExceeded", "too many proposals", { limitName, limit });
  }
  await checkSignature(cs, state, message, "invalidProposal");
  const authenticated = {
    wireformat: "mls_public_message" as const,
    content,
    auth: message.auth,
  };
  return {
    ref: copyBytes(await makeProposalRef(authenticated, cs.hash)),
    message: copyBytes(bytes),
    removes: removed,
    senderLeaf: sender.senderType === "member" ? sender.leafIndex : undefined,
  };
}

function invalid(message: string): Refusal {
  return new Refusal("invalidProposal", message);
}
