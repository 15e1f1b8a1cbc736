/**
 * The server's side of a group: it follows the public state and never holds a group secret.
 */
export { checkKeyPackage } from "./checkKeyPackage.ts";
export { loadPublicGroup } from "./loadPublicGroup.ts";
export { registerGroup } from "./registerGroup.ts";
export type {
  CheckedCommit,
  CheckedKeyPackage,
  CheckedProposals,
  CommitBundle,
  PublicChanges,
  PublicContext,
  PublicGroup,
  RosterEntry,
  StoredProposal,
  StoredPublicGroup,
} from "./face.ts";
