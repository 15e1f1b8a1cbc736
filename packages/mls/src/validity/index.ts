/**
 * Whether a handshake message is valid, as a pure function of the public group before it, the
 * message, and the hub's acceptance time. Hub, followers and members run this very code, because
 * two verdicts about one commit would fork the group.
 */
export { applyCommit } from "./applyCommit.ts";
export type { CommitEffect } from "./applyCommit.ts";
export { checkGroupInfo } from "./checkGroupInfo.ts";
export { checkIdentity } from "./checkIdentity.ts";
export { checkKeyPackage } from "./checkKeyPackage.ts";
export type { CheckedKeyPackage } from "./checkKeyPackage.ts";
export { checkProposal } from "./checkProposal.ts";
export { checkIdentities, checkTree } from "./checkTree.ts";
export { checkRoomState } from "./checkStateChange.ts";
export { readContext } from "./readContext.ts";
export { unappliedProposals } from "./publicState.ts";
export type { PendingRemoval, PublicState } from "./publicState.ts";
