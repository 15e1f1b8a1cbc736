import { equalBytes, LIMITS, Refusal } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import { verifyFramedContentSignature } from "ts-mls/framedContent.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { findSignaturePublicKey } from "ts-mls/publicMessage.js";

import { leafAt } from "../tree/index.ts";
import { refuseOn } from "../wire/index.ts";
import type { PublicState } from "./public-state.ts";

type Code = "invalidCommit" | "invalidProposal";

/** Group, epoch, sender and sizes of a handshake message. Refusals: wrongEpoch, limitExceeded. */
export function checkFraming(state: PublicState, message: PublicMessage, code: Code): void {
  const { content } = message;
  const { groupId, epoch } = state.groupContext;
  if (!equalBytes(content.groupId, groupId)) {
    throw new Refusal(code, "the message is of another group");
  }
  if (content.epoch !== epoch) {
    const currentEpoch = Number(epoch);
    throw new Refusal("wrongEpoch", "the message is of another epoch", { currentEpoch });
  }
  if (content.authenticatedData.length > LIMITS.authenticatedDataBytesMax) {
    throw new Refusal("limitExceeded", "the authenticated data is too long", {
      limitName: "authenticatedDataBytesMax",
      limit: LIMITS.authenticatedDataBytesMax,
    });
  }
  if (content.sender.senderType !== message.senderType) {
    throw new Refusal(code, "the sender is stated twice, and differently");
  }
  const { sender } = content;
  if (sender.senderType === "member" && !leafAt(state.ratchetTree, sender.leafIndex)) {
    throw new Refusal(code, "the sender is no member");
  }
}

/** The signature of the sender that `checkFraming` has accepted. */
export async function checkSignature(
  cs: CiphersuiteImpl,
  state: PublicState,
  message: PublicMessage,
  code: Code,
): Promise<void> {
  const { groupContext, ratchetTree } = state;
  const valid = await refuseOn(code, () => {
    const key = findSignaturePublicKey(ratchetTree, groupContext, message.content);
    const { content, auth } = message;
    const { signature } = cs;
    return verifyFramedContentSignature(
      key,
      "mls_public_message",
      content,
      auth,
      groupContext,
      signature,
    );
  });
  if (!valid) throw new Refusal(code, "the signature is not valid");
}
