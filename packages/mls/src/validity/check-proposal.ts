import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS } from "@treehouse/protocol";
import { makeProposalRef } from "ts-mls/authenticatedContent.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { leafAt } from "../tree/index.ts";
import { broken, decodeUntrusted, exceeded, handshakeKind } from "../wire/index.ts";
import type { PendingRemoval, PublicState } from "./public-state.ts";
import { checkFraming, checkSignature } from "./read-handshake.ts";

const CODE = "invalidProposal";

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
  if (content.contentType !== "proposal") throw broken("contentType", CODE);
  checkFraming(state, message, CODE);
  const { sender, proposal } = content;
  const fromHub = sender.senderType === "external" && sender.senderIndex === 0;
  if (sender.senderType !== "member" && !fromHub) throw broken("senderType", CODE);
  if (proposal.proposalType !== "remove") throw broken("proposedType", CODE);
  if (!("remove" in proposal)) throw broken("proposedType", CODE);
  const { removed } = proposal.remove;
  if (leafAt(state.ratchetTree, removed) === undefined) throw broken("proposedBlank", CODE);
  if (state.proposals.some(({ removes }) => removes === removed)) {
    throw broken("proposedTwice", CODE);
  }
  if (state.proposals.length >= LIMITS.removalIntentsPerEpochMax) {
    throw exceeded("proposedTooMany", "removalIntentsPerEpochMax");
  }
  await checkSignature(cs, state, message, CODE);
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
