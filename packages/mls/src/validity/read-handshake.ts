import { equalBytes, LIMITS } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import { verifyFramedContentSignature } from "ts-mls/framedContent.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { findSignaturePublicKey } from "ts-mls/publicMessage.js";

import { leafAt } from "../tree/index.ts";
import { broken, exceeded, refuseOn } from "../wire/index.ts";
import type { PublicState } from "./public-state.ts";

const SIGNATURE = { other: "signature" } as const;

type Code = "invalidCommit" | "invalidProposal";

/** Group, epoch, sender and sizes of a handshake message. Refusals: wrongEpoch, limitExceeded. */
export function checkFraming(state: PublicState, message: PublicMessage, code: Code): void {
  const { content } = message;
  const { groupId, epoch } = state.groupContext;
  if (!equalBytes(content.groupId, groupId)) {
    throw broken("groupId", code);
  }
  if (content.epoch !== epoch) {
    throw broken("epoch", "wrongEpoch", { currentEpoch: Number(epoch) });
  }
  if (content.authenticatedData.length > LIMITS.authenticatedDataBytesMax) {
    throw exceeded("authenticatedDataLength", "authenticatedDataBytesMax");
  }
  if (content.sender.senderType !== message.senderType) {
    throw broken("senderStated", code);
  }
  const { sender } = content;
  if (sender.senderType === "member" && !leafAt(state.ratchetTree, sender.leafIndex)) {
    throw broken("senderBlank", code);
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
  const valid = await refuseOn(
    code,
    () => {
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
    },
    SIGNATURE,
  );
  if (!valid) throw broken("signature", code);
}
