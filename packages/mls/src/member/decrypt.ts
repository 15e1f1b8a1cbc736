import type { Bytes } from "@treehouse/protocol";
import { copyBytes, equalBytes, Refusal } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import type { PrivateMessage } from "ts-mls/privateMessage.js";
import { decryptSenderData } from "ts-mls/privateMessage.js";
import type { SecretTree } from "ts-mls/secretTree.js";
import type { SenderData } from "ts-mls/sender.js";

import { toTsMls } from "../crypto/index.ts";
import { leafAt, readLeaf } from "../tree/index.ts";
import { applicationKind, decodeUntrusted, refuseOn } from "../wire/index.ts";
import type { DecryptedMessage, MemberContext } from "./face.ts";
import type { Live } from "./snapshot.ts";

type Epoch = Omit<EpochReceiverData, "resumptionPsk">;

/**
 * Opens a message of the current or a retained past epoch. Each can be opened once: its key is
 * gone afterwards. Refusals: malformed, tooLarge, wrongEpoch, invalidMessage.
 */
export async function decrypt(
  { crypto }: MemberContext,
  live: Live,
  bytes: Bytes,
): Promise<{ snapshot: Live; message: DecryptedMessage }> {
  const cs = toTsMls(crypto);
  const { state } = live;
  const message = decodeUntrusted(applicationKind, bytes);
  const epoch = epochOf(state, message);
  const { senderDataSecret, ratchetTree, secretTree, groupContext } = epoch;
  const sender = await refuseOn("invalidMessage", () =>
    decryptSenderData(message, senderDataSecret, cs),
  );
  const leaf = sender && leafAt(ratchetTree, sender.leafIndex);
  if (sender === undefined || leaf === undefined) {
    throw new Refusal("invalidMessage", "the sender is no member");
  }
  const opened = await refuseOn("invalidMessage", () =>
    unprotectPrivateMessage(
      senderDataSecret,
      message,
      secretTree,
      ratchetTree,
      groupContext,
      state.clientConfig.keyRetentionConfig,
      cs,
    ),
  );
  const { content } = opened.content;
  if (content.contentType !== "application") {
    throw new Refusal("invalidMessage", "handshakes are public messages");
  }
  const plaintext = copyBytes(content.applicationData);
  return {
    snapshot: { ...live, state: withSecretTree(state, message.epoch, opened.tree) },
    message: describe(message, sender, readLeaf(leaf).client, plaintext),
  };
}

function describe(
  message: PrivateMessage,
  sender: SenderData,
  client: DecryptedMessage["client"],
  plaintext: Bytes,
): DecryptedMessage {
  return {
    leaf: sender.leafIndex,
    client,
    epoch: Number(message.epoch),
    generation: sender.generation,
    plaintext,
    authenticatedData: copyBytes(message.authenticatedData),
  };
}

function epochOf(state: ClientState, message: PrivateMessage): Epoch {
  if (!equalBytes(message.groupId, state.groupContext.groupId)) {
    throw new Refusal("invalidMessage", "the message is of another group");
  }
  if (message.contentType !== "application") {
    throw new Refusal("invalidMessage", "handshakes are public messages");
  }
  const { epoch } = state.groupContext;
  if (message.epoch === epoch) {
    return { ...state, senderDataSecret: state.keySchedule.senderDataSecret };
  }
  const past = state.historicalReceiverData.get(message.epoch);
  if (past !== undefined) return past;
  const currentEpoch = Number(epoch);
  throw new Refusal("wrongEpoch", "the message's epoch is not kept", { currentEpoch });
}

function withSecretTree(state: ClientState, epoch: bigint, secretTree: SecretTree): ClientState {
  if (epoch === state.groupContext.epoch) return { ...state, secretTree };
  const past = state.historicalReceiverData.get(epoch);
  if (past === undefined) return state;
  const historicalReceiverData = new Map(state.historicalReceiverData);
  historicalReceiverData.set(epoch, { ...past, secretTree });
  return { ...state, historicalReceiverData };
}
