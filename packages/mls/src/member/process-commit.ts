import type { Bytes } from "@treehouse/protocol";
import { equalBytes } from "@treehouse/protocol";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { processPublicMessage } from "ts-mls/processMessages.js";
import { emptyPskIndex } from "ts-mls/pskIndex.js";

import { toTsMls } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import type { CommitEffect } from "../validity/index.ts";
import { applyCommit, readContext, SECRET_RULES } from "../validity/index.ts";
import { broken, decodeUntrusted, handshakeKind, refuseOn } from "../wire/index.ts";
import { adopt } from "./adopt.ts";
import type { CommitResult, MemberContext } from "./face.ts";
import type { Live, Snapshot } from "./snapshot.ts";
import { liveWith, publicStateOf } from "./snapshot.ts";

/**
 * First the rule that everybody applies, then the secrets. Both work out the new epoch, and must
 * come to the same one.
 */
export async function processCommit(
  { crypto }: MemberContext,
  live: Live,
  message: Bytes,
  acceptedAt: number,
): Promise<{ snapshot: Snapshot; result: CommitResult }> {
  const effect = await applyCommit(crypto, publicStateOf(live), message, acceptedAt);
  const result = resultOf(effect, live);
  const { prepared } = live;
  if (prepared !== undefined && equalBytes(prepared.commit, message)) {
    return { snapshot: adopt(live), result };
  }
  const process = () =>
    processPublicMessage(
      { ...live.state, clientConfig: clientConfig(acceptedAt) },
      decodeUntrusted(handshakeKind, message),
      emptyPskIndex,
      toTsMls(crypto),
    );
  const { newState } = await refuseOn("invalidCommit", process, SECRET_RULES);
  const isRemoved = newState.groupActiveState.kind === "removedFromGroup";
  if (isRemoved !== result.removedSelf) {
    throw broken("ownRemoval");
  }
  if (isRemoved) {
    const { group, epoch } = readContext(live.state.groupContext);
    const ownLeaf = live.state.privatePath.leafIndex;
    return { snapshot: { kind: "gone", group, epoch, ownLeaf }, result };
  }
  const expected = encodeGroupContext(effect.next.groupContext);
  if (!equalBytes(encodeGroupContext(newState.groupContext), expected)) {
    throw broken("nextEpoch");
  }
  return { snapshot: liveWith(newState, []), result };
}

function resultOf(effect: CommitEffect, live: Live): CommitResult {
  const { committer, external, added, removed, stateChanged, authenticatedData } = effect;
  const { leafIndex } = live.state.privatePath;
  return {
    committer,
    external,
    added: added.map(({ leaf, client, rulesKnown }) => ({ leaf, client, rulesKnown })),
    removed,
    removedSelf: removed.some(({ leaf }) => leaf === leafIndex),
    roomStateChanged: stateChanged,
    authenticatedData,
  };
}
