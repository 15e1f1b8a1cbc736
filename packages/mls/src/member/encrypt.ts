import type { Bytes } from "@treehouse/protocol";
import { copyBytes, LIMITS, Refusal } from "@treehouse/protocol";
import { encodeMlsMessage } from "ts-mls/message.js";
import { protectApplicationData } from "ts-mls/messageProtection.js";

import { toTsMls } from "../crypto/index.ts";
import type { MemberContext } from "./face.ts";
import type { Live } from "./snapshot.ts";

/** Own application messages of this epoch. */
export function messagesSent({ state }: Live): number {
  const own = state.secretTree.leaves[2 * state.privatePath.leafIndex];
  return own?.application.generation ?? 0;
}

/** Refusals: removalPending (RFC 9420 §12.4: commit first), limitExceeded, tooLarge. */
export async function encrypt(
  { crypto }: MemberContext,
  live: Live,
  plaintext: Bytes,
  authenticatedData: Bytes,
): Promise<{ snapshot: Live; message: Bytes }> {
  const { state } = live;
  if (live.proposals.length > 0) {
    const leaves = live.proposals.map(({ removes }) => removes);
    throw new Refusal("removalPending", "commit the pending removals first", { leaves });
  }
  if (messagesSent(live) >= LIMITS.messagesPerEpochMax) {
    const limit = LIMITS.messagesPerEpochMax;
    const limitName = "messagesPerEpochMax";
    throw new Refusal("limitExceeded", "commit before sending more", { limitName, limit });
  }
  const { privateMessage, newSecretTree } = await protectApplicationData(
    state.signaturePrivateKey,
    state.keySchedule.senderDataSecret,
    plaintext,
    authenticatedData,
    state.groupContext,
    state.secretTree,
    state.privatePath.leafIndex,
    state.clientConfig.paddingConfig,
    toTsMls(crypto),
  );
  const message = copyBytes(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage }),
  );
  const limitName = "applicationMessageBytesMax";
  if (message.length > LIMITS[limitName]) {
    const limit = LIMITS[limitName];
    throw new Refusal("tooLarge", "the message is too long", { limitName, limit });
  }
  return { snapshot: { ...live, state: { ...state, secretTree: newSecretTree } }, message };
}
