import type { Bytes, ClientUri } from "@treehouse/protocol";
import { copyBytes, LIMITS } from "@treehouse/protocol";
import type { Proposal } from "ts-mls/proposal.js";

import { readGroupExtensions } from "../profile/index.ts";
import { readLeaf } from "../tree/index.ts";
import { readContext } from "../validity/read-context.ts";
import { broken, decodeUntrusted, exceeded, groupInfoKind, handshakeKind } from "../wire/index.ts";

/** What a commit does by value, as far as the commit alone can say. */
export type CommitChange = {
  /** The epoch that it ends. */
  readonly epoch: number;
  /** The client that comes by this external commit; undefined for a member's commit. */
  readonly joiner: ClientUri | undefined;
  readonly added: readonly { readonly client: ClientUri; readonly rulesKnown: number }[];
  /** Leaves that it removes. */
  readonly removed: readonly number[];
  /** The room state that it sets; undefined where it leaves it. */
  readonly roomState: Bytes | undefined;
  /** It does more by reference, such as what the hub has proposed: that it does not say itself. */
  readonly hasReferences: boolean;
  readonly authenticatedData: Bytes;
};

/**
 * Reads a commit for a server that keeps no tree of the group. Nothing is verified but the form.
 *
 * Refusals: malformed, tooLarge, invalidCommit, identityInvalid, limitExceeded.
 */
export function readChange(commit: Uint8Array): CommitChange {
  const { content } = decodeUntrusted(handshakeKind, commit);
  if (content.contentType !== "commit") throw broken("contentType");
  const { proposals, path } = content.commit;
  if (proposals.length > LIMITS.proposalsPerCommitMax) {
    throw exceeded("proposalCount", "proposalsPerCommitMax");
  }
  const byValue = proposals.flatMap((one): readonly Proposal[] =>
    one.proposalOrRefType === "proposal" ? [one.proposal] : [],
  );
  const external = content.sender.senderType === "new_member_commit";
  if (external && path === undefined) throw broken("pathMissing");
  return {
    epoch: Number(content.epoch),
    joiner: external && path !== undefined ? readLeaf(path.leafNode).client : undefined,
    added: byValue.flatMap((one) =>
      one.proposalType === "add" && "add" in one ? [readLeaf(one.add.keyPackage.leafNode)] : [],
    ),
    removed: byValue.flatMap((one) =>
      one.proposalType === "remove" && "remove" in one ? [one.remove.removed] : [],
    ),
    roomState: byValue
      .flatMap((one) =>
        one.proposalType === "group_context_extensions" && "groupContextExtensions" in one
          ? [readGroupExtensions(one.groupContextExtensions.extensions).roomState]
          : [],
      )
      .at(-1),
    hasReferences: byValue.length < proposals.length,
    authenticatedData: copyBytes(content.authenticatedData),
  };
}

/** The epoch and room state of a GroupInfo. Nothing is verified but the form. */
export function readStateOf(groupInfo: Uint8Array): {
  readonly epoch: number;
  readonly roomState: Bytes;
  /** The confirmed transcript hash. */
  readonly transcript: Bytes;
} {
  const { groupContext } = decodeUntrusted(groupInfoKind, groupInfo);
  const { epoch, roomState } = readContext(groupContext);
  return { epoch, roomState, transcript: copyBytes(groupContext.confirmedTranscriptHash) };
}
