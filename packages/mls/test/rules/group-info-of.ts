import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import { encodeGroupInfo, signGroupInfo } from "ts-mls/groupInfo.js";

import { applyCommit } from "../../src/validity/index.ts";
import { decodeUntrusted, groupInfoKind } from "../../src/wire/index.ts";
import type { BaseName, Lab } from "./lab.ts";

/** The GroupInfo of the epoch to which a commit leads, as its author would sign it. */
export async function groupInfoOf(
  lab: Lab,
  from: BaseName,
  commit: Bytes,
  tag: Uint8Array,
): Promise<Bytes> {
  const { state, groupInfo, signatureKey } = lab.base(from);
  const { groupContext, ratchetTree, confirmationTag } = state;
  const before = { groupContext, ratchetTree, confirmationTag, proposals: [] };
  const { next } = await applyCommit(lab.world.crypto, before, commit, lab.at);
  const info = { ...decodeUntrusted(groupInfoKind, groupInfo), confirmationTag: tag };
  const signed = { ...info, groupContext: next.groupContext };
  return copyBytes(encodeGroupInfo(await signGroupInfo(signed, signatureKey, lab.cs.signature)));
}
