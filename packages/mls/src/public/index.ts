/**
 * The server's side of a group: it follows the public state and never holds a group secret.
 */
export { checkKeyPackage } from "./check-key-package.ts";
export { loadPublicGroup } from "./load-public-group.ts";
export { readAdditions } from "./read-additions.ts";
export type { Additions } from "./read-additions.ts";
export { readChange, readStateOf } from "./read-change.ts";
export type { CommitChange } from "./read-change.ts";
export { registerGroup } from "./register-group.ts";
export type {
  CheckedCommit,
  CheckedKeyPackage,
  CheckedProposals,
  CommitBundle,
  PublicChanges,
  PublicContext,
  PublicGroup,
  ReplayedCommit,
  RosterEntry,
  StoredProposal,
  StoredPublicGroup,
} from "./face.ts";
