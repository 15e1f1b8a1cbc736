/**
 * The client's side of a group: everything here can hold group secrets, so no server imports it.
 * Every operation either succeeds and advances the group, or throws and changes nothing.
 */
export { describeMlsMessage } from "./describe.ts";
export type { Json } from "./describe.ts";
export { createKeyPackage } from "./createKeyPackage.ts";
export { createGroup } from "./createGroup.ts";
export { joinWelcome } from "./joinWelcome.ts";
export { joinExternal } from "./joinExternal.ts";
export { loadGroup } from "./loadGroup.ts";
export type {
  ClientIdentity,
  CommitIntent,
  CommitResult,
  CreatedKeyPackage,
  DecryptedMessage,
  GroupChanges,
  GroupMember,
  MemberContext,
  MemberGroup,
  PreparedCommit,
  ProposalResult,
  WelcomeExtension,
} from "./face.ts";
