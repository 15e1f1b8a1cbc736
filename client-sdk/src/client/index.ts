/** The face of the SDK: one client of one account, over one store. */
export type {
  Conversation,
  ConversationInfo,
  ConversationSafety,
  Member,
  SendOptions,
  SentMessage,
  ActOptions,
  AboutChange,
  JoinLinkInfo,
  KnockInfo,
  NewLink,
  ConversationPolicy,
  LimitsWish,
  RoleWish,
  SanctionedPerson,
  ConversationFiles,
  FilesWish,
  SentFiles,
} from "./conversation/index.ts";
export type {
  ClientConversations,
  ConversationKind,
  CreateConversation,
  ClientNotifications,
  Judged,
  FoundConversation,
  ClientFolders,
  FolderInfo,
} from "./conversations/index.ts";
export type {
  Admin,
  Invite,
  FederationAdmin,
  FederationOverview,
  RuleNote,
} from "./admin/index.ts";
export type { ClientAssets, ClientFiles, OpenableFile, ClientStickers } from "./files/index.ts";
export type {
  ClientContacts,
  ContactIdentity,
  ContactInfo,
  ClientEmail,
  EmailInfo,
  Organisation,
  OrganiseWish,
  ClientPrivacy,
  ClientProfile,
  ClientSettings,
} from "./account/index.ts";
export type {
  ClientFactors,
  FactorProof,
  FactorsInfo,
  PasskeyInfo,
  ApprovalRequest,
  Approvals,
  ClientInfo,
  ClientProof,
  OwnClients,
  ClientRecovery,
  FactorAnswer,
  RecoveryProof,
  ClientSessions,
  SessionInfo,
} from "./clients/index.ts";
export type { Check } from "./diagnose.ts";
export { explainHealth, type HealthText } from "./explain-health.ts";
export type { ExportLine } from "./exporting/index.ts";
export type { ClientBackup, ClientHistory, ExportWanted } from "./history/index.ts";
export {
  type ClientOptions,
  type Platform,
  requestReset,
  type ResetRequest,
} from "./opening/index.ts";
export type { SearchHit, SearchOptions, SearchResult } from "./searching/index.ts";
export type { ClientPresence, ContactPresence, PresenceChoice } from "../presence/index.ts";
export type { Client } from "./client.ts";
export { openClient } from "./open-client.ts";
