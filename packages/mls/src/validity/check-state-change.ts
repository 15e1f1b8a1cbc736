import { decodeRoomState, equalBytes, Refusal } from "@treehouse/protocol";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { Proposal } from "ts-mls/proposal.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { DICTIONARY_EXTENSION, EXTERNAL_SENDERS } from "../profile/index.ts";
import { checkHubChange } from "./check-hub-change.ts";
import { broken } from "../wire/index.ts";
import { readContext } from "./read-context.ts";

/**
 * The GroupContext with the extensions that the commit gives it. Only the room's state may change,
 * and with it the hub, which is external sender 0: nobody's capabilities are questioned afterwards.
 */
export function checkStateChange(
  crypto: MlsCrypto,
  before: GroupContext,
  proposals: readonly Proposal[],
  at: number,
): GroupContext {
  const [change] = proposals.filter((one) => "groupContextExtensions" in one);
  if (change === undefined) return before;
  const { extensions } = change.groupContextExtensions;
  const kept = before.extensions.every((extension, index) => {
    const { extensionType, extensionData } = extensions[index] ?? {};
    if (extensionType !== extension.extensionType || extensionData === undefined) return false;
    const mayChange = extensionType === DICTIONARY_EXTENSION || extensionType === EXTERNAL_SENDERS;
    return mayChange || equalBytes(extensionData, extension.extensionData);
  });
  if (!kept || extensions.length !== before.extensions.length) {
    throw broken("stateChangeOther");
  }
  const after = { ...before, extensions };
  checkRoomState(after);
  checkHubChange(crypto, before, after, at);
  return after;
}

/** The room's state can be read. Refusals: invalidCommit, limitExceeded. */
export function checkRoomState(context: GroupContext): void {
  const { roomState } = readContext(context);
  try {
    decodeRoomState(roomState);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw broken("dictionaryForm", "invalidCommit", {}, { cause: error });
  }
}
