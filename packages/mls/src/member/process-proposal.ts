import type { Bytes } from "@treehouse/protocol";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";

import { toTsMls } from "../crypto/index.ts";
import { checkProposal } from "../validity/index.ts";
import { decodeUntrusted, handshakeKind, refuseOn } from "../wire/index.ts";
import type { MemberContext, ProposalResult } from "./face.ts";
import type { Live } from "./snapshot.ts";
import { liveWith, publicStateOf } from "./snapshot.ts";

/** Beside the rule for everybody a member verifies the membership tag (RFC 9420 §6.2). */
export async function processProposal(
  { crypto }: MemberContext,
  live: Live,
  message: Bytes,
): Promise<{ snapshot: Live; result: ProposalResult }> {
  const proposal = await checkProposal(crypto, publicStateOf(live), message);
  const { keySchedule, groupContext, ratchetTree } = live.state;
  const unprotect = () =>
    unprotectPublicMessage(
      keySchedule.membershipKey,
      groupContext,
      ratchetTree,
      decodeUntrusted(handshakeKind, message),
      toTsMls(crypto),
    );
  await refuseOn("invalidProposal", unprotect, { other: "membershipTag" });
  const { ref, removes, senderLeaf } = proposal;
  const { prepared } = live;
  const snapshot = { ...liveWith(live.state, [...live.proposals, proposal]), prepared };
  return { snapshot, result: { ref, removes, senderLeaf } };
}
