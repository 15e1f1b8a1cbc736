import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import { encodeMlsMessage } from "ts-mls/message.js";
import { protectProposalPublic } from "ts-mls/messageProtectionPublic.js";

import { toTsMls } from "../crypto/index.ts";
import { checkProposal } from "../validity/index.ts";
import type { MemberContext } from "./face.ts";
import type { Live } from "./snapshot.ts";
import { publicStateOf } from "./snapshot.ts";

/** Signs the proposal; it is pending only when it comes back from the hub. */
export async function proposeRemoval(
  { crypto }: MemberContext,
  live: Live,
  leaf: number,
  authenticatedData: Bytes,
): Promise<Bytes> {
  const { state } = live;
  const { publicMessage } = await protectProposalPublic(
    state.signaturePrivateKey,
    state.keySchedule.membershipKey,
    state.groupContext,
    authenticatedData,
    { proposalType: "remove", remove: { removed: leaf } },
    state.privatePath.leafIndex,
    toTsMls(crypto),
  );
  const message = copyBytes(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }),
  );
  await checkProposal(crypto, publicStateOf(live), message);
  return message;
}
