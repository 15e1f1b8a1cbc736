import type { Bytes, ClientUri } from "@treehouse/protocol";
import { copyBytes, LIMITS, utf8Decode } from "@treehouse/protocol";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";

import { toTsMls } from "../crypto/index.ts";
import { readLeaf } from "../tree/index.ts";
import { broken, decodeUntrusted, exceeded, handshakeKind, refuseOn } from "../wire/index.ts";
import type { PublicContext } from "./face.ts";

/** Who comes into a group by a commit, as far as the commit alone can say. */
export type Additions = {
  /** UTF-8 of the group id. */
  readonly groupId: string;
  /** The epoch that the commit ends. */
  readonly epoch: number;
  /** The client that comes by this external commit; undefined for a member's commit. */
  readonly joiner: ClientUri | undefined;
  /** Clients added by KeyPackage, in the order of the commit. */
  readonly added: readonly { readonly client: ClientUri; readonly keyPackageRef: Bytes }[];
};

/**
 * Reads who a commit brings in, for a server that keeps no tree of the group. Nothing is verified
 * but the form: whether the commit is valid is the hub's and the members' business. Proposals by
 * reference bring in nobody, for members propose removals only.
 *
 * Refusals: malformed, tooLarge, invalidCommit, identityInvalid, limitExceeded.
 */
export async function readAdditions(
  { crypto }: PublicContext,
  commit: Uint8Array,
): Promise<Additions> {
  const { content } = decodeUntrusted(handshakeKind, commit);
  if (content.contentType !== "commit") throw broken("contentType");
  const { proposals, path } = content.commit;
  if (proposals.length > LIMITS.proposalsPerCommitMax) {
    throw exceeded("proposalCount", "proposalsPerCommitMax");
  }
  const { hash } = toTsMls(crypto);
  const added: { client: ClientUri; keyPackageRef: Bytes }[] = [];
  for (const one of proposals) {
    if (one.proposalOrRefType !== "proposal") continue;
    const { proposal } = one;
    if (proposal.proposalType !== "add" || !("add" in proposal)) continue;
    const { keyPackage } = proposal.add;
    const { client } = readLeaf(keyPackage.leafNode);
    const ref = await refuseOn("invalidCommit", () => makeKeyPackageRef(keyPackage, hash));
    added.push({ client, keyPackageRef: copyBytes(ref) });
  }
  const external = content.sender.senderType === "new_member_commit";
  if (external && path === undefined) {
    throw broken("pathMissing");
  }
  return {
    groupId: utf8Decode(copyBytes(content.groupId)),
    epoch: Number(content.epoch),
    joiner: external && path !== undefined ? readLeaf(path.leafNode).client : undefined,
    added,
  };
}
