import type { Bytes } from "@treehouse/protocol";
import { equalBytes } from "@treehouse/protocol";
import { verifyMembershipTag } from "ts-mls/authenticatedContent.js";
import type { ClientState } from "ts-mls/clientState.js";
import { externalInitSecretOf } from "ts-mls/clientState.js";
import { toTbs } from "ts-mls/framedContent.js";
import { enterEpoch } from "ts-mls/processMessages.js";
import { leafToNodeIndex, toLeafIndex } from "ts-mls/treemath.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { clientConfig } from "../profile/index.ts";
import type { CommitEffect } from "../validity/index.ts";
import { applyCommit, readContext, SECRET_RULES } from "../validity/index.ts";
import { broken, refuseOn } from "../wire/index.ts";
import { adopt } from "./adopt.ts";
import type { CommitResult, MemberContext } from "./face.ts";
import type { Live, Snapshot } from "./snapshot.ts";
import { liveWith, publicStateOf } from "./snapshot.ts";

/**
 * First the rule that everybody applies, then the secrets of the epoch that it leads to. Its
 * confirmation tag covers tree and context: whoever came to others than the committer refuses.
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
  await checkMembershipTag(crypto, live.state, effect);
  if (result.removedSelf) {
    const { group, epoch } = readContext(live.state.groupContext);
    const ownLeaf = live.state.privatePath.leafIndex;
    return { snapshot: { kind: "gone", group, epoch, ownLeaf }, result };
  }
  const state = { ...live.state, clientConfig: clientConfig(acceptedAt) };
  const enter = () => enterNext(crypto, state, effect);
  const next = await refuseOn("invalidCommit", enter, SECRET_RULES);
  return { snapshot: liveWith(next, []), result };
}

/** The secrets of the next epoch, and the state with them. */
async function enterNext(
  crypto: MlsCrypto,
  state: ClientState,
  { next, message, committer, added, external }: CommitEffect,
): Promise<ClientState> {
  const cs = toTsMls(crypto);
  const { content } = message;
  if (content.contentType !== "commit") throw broken("contentType");
  const { path, proposals } = content.commit;
  const { externalSecret, initSecret } = state.keySchedule;
  const kemOutput = proposals.flatMap((one) =>
    "proposal" in one && "externalInit" in one.proposal ? one.proposal.externalInit.kemOutput : [],
  );
  const entered = await enterEpoch(
    state,
    {
      tree: next.ratchetTree,
      groupContext: next.groupContext,
      path,
      committerLeafIndex: toLeafIndex(committer.leaf),
      freshNodes: external ? [] : added.map(({ leaf }) => leafToNodeIndex(toLeafIndex(leaf))),
      initSecret:
        kemOutput[0] === undefined
          ? initSecret
          : await externalInitSecretOf(externalSecret, kemOutput[0], cs),
      pskSecret: new Uint8Array(cs.kdf.size),
      confirmationTag: next.confirmationTag,
    },
    cs,
  );
  return entered.newState;
}

/** That the sender is in the group, without the signature's word for it. Refusal: invalidCommit. */
async function checkMembershipTag(
  crypto: MlsCrypto,
  { groupContext, keySchedule }: ClientState,
  { message }: CommitEffect,
): Promise<void> {
  if (message.senderType !== "member") return;
  const { content, auth, membershipTag } = message;
  const tagged = { contentTbs: toTbs(content, "mls_public_message", groupContext), auth };
  const { hash } = toTsMls(crypto);
  if (!(await verifyMembershipTag(keySchedule.membershipKey, tagged, membershipTag, hash))) {
    throw broken("membershipTag");
  }
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
