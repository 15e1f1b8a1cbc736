/** The SDK in Node: `Client.open({ account, password, store })`. */
import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { describeMlsMessage as describe } from "@treehouse/mls/member";
import type { LinkPreview } from "@treehouse/protocol";

import {
  type Client as ClientFace,
  type ClientOptions,
  openClient,
  requestReset,
  type ResetRequest,
} from "./client/index.ts";
import { nodeCipher } from "./environment/node-cipher.ts";
import { createNodeEnv, signalOf } from "./environment/node.ts";
import { throwingSdkErrors } from "./errors/index.ts";
import { fetchLinkPreview as fetchPreview, type PreviewOptions } from "./link-previews/index.ts";
import { createSharpPictures } from "./pictures-sharp/index.ts";
import { openNodeStore } from "./storage-sqlite/index.ts";

export { PASSWORD_LIMITS } from "./account/index.ts";
export { explainHealth, type HealthText } from "./client/index.ts";
export { SdkError } from "./errors/index.ts";
export type { ActShown, ClientEvents, ConnectionState, FaultCode } from "./events/index.ts";
export type { AuditItem, AuditPage } from "./groups/index.ts";
export type {
  AboutChange,
  ActOptions,
  Admin,
  ApprovalRequest,
  Approvals,
  Check,
  ClientAssets,
  ClientFiles,
  ClientBackup,
  ClientContacts,
  ClientEmail,
  ClientFactors,
  ClientFolders,
  ClientHistory,
  ClientOptions,
  ClientInfo,
  ClientRecovery,
  ClientNotifications,
  ClientPresence,
  ClientSessions,
  ClientPrivacy,
  ClientProfile,
  ClientSettings,
  ClientStickers,
  ContactIdentity,
  ContactInfo,
  ContactPresence,
  Conversation,
  ConversationInfo,
  ConversationKind,
  ConversationPolicy,
  ConversationSafety,
  CreateConversation,
  ExportLine,
  ExportWanted,
  EmailInfo,
  FactorProof,
  FactorsInfo,
  FederationAdmin,
  FederationOverview,
  FilesWish,
  FolderInfo,
  FoundConversation,
  JoinLinkInfo,
  KnockInfo,
  NewLink,
  Invite,
  Judged,
  LimitsWish,
  Member,
  OwnClients,
  FactorAnswer,
  RecoveryProof,
  Organisation,
  OrganiseWish,
  PasskeyInfo,
  PresenceChoice,
  RoleWish,
  RuleNote,
  SanctionedPerson,
  SentFiles,
  SearchHit,
  SearchOptions,
  SearchResult,
  SendOptions,
  SentMessage,
  SessionInfo,
} from "./client/index.ts";
export type {
  AssetProgress,
  AssetSource,
  AssetUsage,
  NewAccess,
  OpenAsset,
  OwnAsset,
  UploadOptions,
} from "./assets/index.ts";
export type {
  NotificationChange,
  NotificationLevel,
  NotificationRules,
  QuietHours,
  Verdict,
} from "./notifications/index.ts";
export type { OwnProfile, ProfileAudience, ProfileChange, ProfileField } from "./profiles/index.ts";
export type {
  ConversationFile,
  FileFilter,
  FileNote,
  FileWish,
  Keeping,
  LibraryFile,
} from "./files/index.ts";
export { safeFileName } from "./media/index.ts";
export type { PreviewOptions } from "./link-previews/index.ts";
export { defineContent } from "./messages/index.ts";
export type { BackupStatus, HistoryLine, TakenCount } from "./history/index.ts";
export type {
  FolderFile,
  FolderPack,
  MadePack,
  PackContent,
  PackInfo,
  PackWish,
  RecentSticker,
  RefusedSticker,
  StickerContent,
  StickerSource,
  StickerWish,
  TelegramImport,
} from "./stickers/index.ts";
export type {
  ContentType,
  HistoryItem,
  Message,
  MessageFile,
  MessageSticker,
  OwnContent,
  PollState,
  MessagesOptions,
  StickerInfo,
} from "./messages/index.ts";
export type {
  AskPasskey,
  ContactSafety,
  ExternalLogin,
  FoundContact,
  RecoveryStatus,
} from "./account/index.ts";

/** Any MLSMessage as data for people to read. Throws `SdkError`: `malformed` and `tooLarge`. */
export function describeMlsMessage(bytes: Uint8Array): ReturnType<typeof describe> {
  return throwingSdkErrors(() => describe(bytes));
}

/**
 * Makes the preview of a link, for `conversation.send`: title, description and, if it is small enough, the
 * picture that the page names. The page's server, and that of the picture, see that somebody asks. Throws
 * `SdkError`: `malformed` for what is no link, `notFound` where there is nothing to show.
 */
export function fetchLinkPreview(url: string, options: PreviewOptions = {}): Promise<LinkPreview> {
  return fetchPreview(url, { ...options, until: signalOf });
}

export type Client = ClientFace;

/** Node's additions to the options. */
export type NodeOptions = ClientOptions & {
  /** 32 octets that seal the store. By default a key file beside the store, mode 0600. */
  readonly storeKey?: Uint8Array;
};

export const Client = {
  /**
   * Opens or resumes the client in `store`; with `register` it makes the account first. The store
   * belongs to one client and to one process at a time. Throws `SdkError`.
   */
  open(options: NodeOptions): Promise<ClientFace> {
    const { env, close } = createNodeEnv();
    return openClient(
      {
        env,
        crypto: createNodeCrypto({ random: env.random }),
        assetCipher: nodeCipher,
        pictures: createSharpPictures,
        openStore: (store) => openNodeStore(store, options.storeKey, env.random),
        close,
      },
      options,
    );
  },
  /** Has a token mailed, for `open` with `reset`; the answer tells nothing. Throws `SdkError`. */
  async requestReset(wanted: ResetRequest): Promise<void> {
    const { env, close } = createNodeEnv();
    try {
      await requestReset({ env }, wanted);
    } finally {
      await close();
    }
  },
};
