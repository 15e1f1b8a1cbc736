import type { Bytes } from "@treehouse/protocol";
import { copyBytes, decodeRoomState, LIMITS, Refusal } from "@treehouse/protocol";
import { createCommit } from "ts-mls/createCommit.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import type { Proposal } from "ts-mls/proposal.js";
import { encodeWelcome } from "ts-mls/welcome.js";

import { toTsMls } from "../crypto/index.ts";
import {
  clientConfig,
  DICTIONARY_EXTENSION,
  EXTERNAL_SENDERS,
  hubExtension,
  leafCapabilities,
} from "../profile/index.ts";
import { leafAt } from "../tree/index.ts";
import { applyCommit, checkKeyPackage } from "../validity/index.ts";
import { decodeUntrusted, keyPackageKind, refuseOn } from "../wire/index.ts";
import type { CommitIntent, MemberContext } from "./face.ts";
import { exportGroupInfo } from "./group-info.ts";
import { leafExtensions } from "./key-package.ts";
import type { Live } from "./snapshot.ts";
import { publicStateOf } from "./snapshot.ts";

/** Builds a commit and the state it leads to. Nothing of the present state is used up. */
export async function prepareCommit(
  context: MemberContext,
  live: Live,
  intent: CommitIntent,
  authenticatedData: Bytes,
): Promise<Live> {
  const { crypto } = context;
  const at = context.now();
  const extraProposals = await proposalsOf(context, live, intent);
  if (extraProposals.length + live.proposals.length > LIMITS.proposalsPerCommitMax) {
    const limitName = "proposalsPerCommitMax";
    const limit = LIMITS[limitName];
    throw new Refusal("limitExceeded", "too many proposals", { limitName, limit });
  }
  const { updateLeafIdentity } = intent;
  const groupInfoExtensions = (intent.welcomeExtensions ?? []).map(({ extensionType, data }) => ({
    extensionType,
    extensionData: data,
  }));
  const leafNode = updateLeafIdentity && {
    extensions: leafExtensions(context, updateLeafIdentity),
    capabilities: leafCapabilities(),
  };
  const made = await refuseOn("invalidCommit", () =>
    createCommit(
      {
        state: { ...live.state, clientConfig: clientConfig(at) },
        cipherSuite: toTsMls(crypto),
      },
      {
        wireAsPublicMessage: true,
        extraProposals,
        authenticatedData,
        groupInfoExtensions,
        ...(leafNode === undefined ? {} : { leafNode }),
      },
    ),
  );
  const commit = copyBytes(encodeMlsMessage(made.commit));
  // What the hub would refuse is refused here, with the same reason.
  await applyCommit(crypto, publicStateOf(live), commit, at);
  return {
    ...live,
    prepared: {
      commit,
      welcome: made.welcome && copyBytes(encodeWelcome(made.welcome)),
      groupInfo: await exportGroupInfo(crypto, made.newState),
      epoch: Number(made.newState.groupContext.epoch),
      next: made.newState,
    },
  };
}

async function proposalsOf(
  context: MemberContext,
  live: Live,
  intent: CommitIntent,
): Promise<Proposal[]> {
  const { state } = live;
  const pending = new Set(live.proposals.map(({ removes }) => removes));
  if (pending.has(state.privatePath.leafIndex)) {
    throw new Refusal("removed", "the removal of this client is pending");
  }
  const proposals: Proposal[] = [];
  for (const removed of new Set(intent.remove)) {
    if (leafAt(state.ratchetTree, removed) === undefined) {
      throw new Refusal("invalidCommit", "the leaf to remove is blank");
    }
    if (!pending.has(removed)) proposals.push({ proposalType: "remove", remove: { removed } });
  }
  for (const bytes of intent.add ?? []) {
    await checkKeyPackage(context.crypto, bytes, context.now());
    const keyPackage = decodeUntrusted(keyPackageKind, bytes);
    proposals.push({ proposalType: "add", add: { keyPackage } });
  }
  const { roomState } = intent;
  if (roomState !== undefined) {
    const { hub: hubDomain, hubKey } = decodeRoomState(roomState);
    const extensions = state.groupContext.extensions.map((extension) => {
      const { extensionType } = extension;
      if (extensionType === DICTIONARY_EXTENSION) return { ...extension, extensionData: roomState };
      const isHub = extensionType === EXTERNAL_SENDERS && hubKey !== undefined;
      return isHub ? hubExtension({ hubDomain, hubKey }) : extension;
    });
    const groupContextExtensions = { extensions };
    proposals.push({ proposalType: "group_context_extensions", groupContextExtensions });
  }
  return proposals;
}
