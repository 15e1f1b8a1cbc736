/**
 * The client's side of a group: everything here can hold group secrets, so no server imports it.
 * Every operation either succeeds and advances the group, or throws and changes nothing.
 */
export { describeMlsMessage } from "./describe.ts";
export type { Json } from "./describe.ts";
export { checkKeyPackage } from "./checkKeyPackage.ts";
export { createKeyPackage } from "./create-key-package.ts";
export { createGroup } from "./create-group.ts";
export { joinWelcome } from "./join-welcome.ts";
export { joinExternal } from "./join-external.ts";
export { readGroupInfo } from "./read-group-info.ts";
export { readRatchetTree } from "./readRatchetTree.ts";
export { loadGroup } from "./load-group.ts";
export type {
  ClientIdentity,
  CommitIntent,
  CommitResult,
  CreatedKeyPackage,
  DecryptedMessage,
  EphemeralClocks,
  EphemeralSaid,
  GroupChanges,
  GroupMember,
  MemberContext,
  MemberGroup,
  OpenedEphemeral,
  PreparedCommit,
  ProposalResult,
  WelcomeExtension,
} from "./face.ts";
