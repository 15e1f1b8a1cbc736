import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import { createGroupInfoWithExternalPub } from "ts-mls/createCommit.js";
import { encodeGroupInfo } from "ts-mls/groupInfo.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";

/** What the hub stores of an epoch: signed, with external_pub, without a tree. */
export async function exportGroupInfo(crypto: MlsCrypto, state: ClientState): Promise<Bytes> {
  return copyBytes(
    encodeGroupInfo(await createGroupInfoWithExternalPub(state, [], toTsMls(crypto))),
  );
}
