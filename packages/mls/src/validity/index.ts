/**
 * Whether a handshake message is valid, as a pure function of the public group before it, the
 * message, and the hub's acceptance time. Hub, followers and members run this very code, because
 * two verdicts about one commit would fork the group.
 */
export { applyCommit } from "./apply-commit.ts";
export type { CommitEffect } from "./apply-commit.ts";
export { checkGroupInfo } from "./check-group-info.ts";
export { checkIdentity } from "./check-identity.ts";
export { checkKeyPackage, checkKeyPackageForm } from "./check-key-package.ts";
export type { CheckedKeyPackage } from "./check-key-package.ts";
export { checkProposal } from "./check-proposal.ts";
export { checkIdentities, checkLeafNodes, checkTree } from "./check-tree.ts";
export { verifyTreeAhead } from "./verify-ahead.ts";
export { checkRoomState } from "./check-state-change.ts";
export { SECRET_RULES, TREE_RULES } from "./library-rules.ts";
export { readContext } from "./read-context.ts";
export { unappliedProposals } from "./public-state.ts";
export type { PendingRemoval, PublicState } from "./public-state.ts";
