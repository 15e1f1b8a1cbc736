import { equalBytes } from "@treehouse/protocol";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import type { GroupInfo } from "ts-mls/groupInfo.js";
import { decodeExternalPub, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { leafAt } from "../tree/index.ts";
import { broken, decodeUntrusted, groupInfoKind, refuseOn } from "../wire/index.ts";
import type { PublicState } from "./public-state.ts";

/**
 * The GroupInfo that a committer sends to the hub: of exactly this epoch, without a tree and
 * without anything secret, signed by `signer` (by any member if that is undefined). Its
 * confirmation tag is one that nobody outside the group could have made.
 * Refusals: malformed, tooLarge, invalidCommit.
 */
export async function checkGroupInfo(
  crypto: MlsCrypto,
  state: PublicState,
  bytes: Uint8Array,
  signer: number | undefined,
): Promise<GroupInfo> {
  const groupInfo = decodeUntrusted(groupInfoKind, bytes);
  const context = encodeGroupContext(groupInfo.groupContext);
  if (!equalBytes(context, encodeGroupContext(state.groupContext))) {
    throw broken("groupInfoContext");
  }
  if (!equalBytes(groupInfo.confirmationTag, state.confirmationTag)) {
    throw broken("groupInfoTag");
  }
  if (signer !== undefined && groupInfo.signer !== signer) {
    throw broken("groupInfoSigner");
  }
  await checkExternalPub(crypto, groupInfo);
  await checkSigner(crypto, state, groupInfo);
  return groupInfo;
}

async function checkSigner(
  crypto: MlsCrypto,
  state: PublicState,
  groupInfo: GroupInfo,
): Promise<void> {
  const leaf = leafAt(state.ratchetTree, groupInfo.signer);
  if (leaf === undefined) throw broken("groupInfoSignerBlank");
  const { signature } = toTsMls(crypto);
  const valid = await refuseOn(
    "invalidCommit",
    () => verifyGroupInfoSignature(groupInfo, leaf.signaturePublicKey, signature),
    { other: "groupInfoSignature" },
  );
  if (!valid) throw broken("groupInfoSignature");
}

/** Exactly one extension: servers store GroupInfos, so nothing else may slip in. */
async function checkExternalPub(crypto: MlsCrypto, groupInfo: GroupInfo): Promise<void> {
  const [extension] = groupInfo.extensions;
  if (groupInfo.extensions.length !== 1 || extension?.extensionType !== "external_pub") {
    throw broken("groupInfoExtensions");
  }
  const { hpke } = toTsMls(crypto);
  await refuseOn(
    "invalidCommit",
    () => hpke.importPublicKey(decodeExternalPub(extension.extensionData)),
    { other: "groupInfoExternalPub" },
  );
}
