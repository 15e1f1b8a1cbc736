/**
 * The account of this store: its keys, its session, and whom it knows.
 *
 * Keys are made here and never leave the store open; the server gets signatures, OPAQUE messages
 * and a sealed recovery bundle (architecture §4).
 */
export { addClient } from "./add-client.ts";
export type { Secret } from "./prove-by-secret.ts";
export {
  ApprovalFault,
  type CodeKind,
  joinByApproval,
  meetNewClient,
  type ShownCode,
  type WaitingClient,
} from "./approval/index.ts";
export type { AccountContext, IdentityAlarm } from "./context.ts";
export { type ContactBook, createContactBook } from "./contacts.ts";
export {
  type AccountData,
  backupHeadOf,
  clientNameOf,
  createAccountData,
  type DataChange,
  fileRecords,
  type Draft,
  draftAt,
  dropDraftsAbout,
  historyNoteOf,
  isBackupOn,
  labelOf,
  metadataKeyOf,
  notesOf,
  PROFILE_RECORD,
  recordOfFile,
  STICKERS_RECORD,
  type RoomNotes,
  threadNoteOf,
  writeBackupHead,
  writeBackupOn,
  writeClientName,
  writeHistoryNote,
  writeDraft,
  writeLabel,
  writeMetadataKey,
  writeOwnName,
  writeRead,
  writeThreadNote,
  type Folder,
  foldersOf,
  newFolderId,
  pinsOf,
  type PlaceChange,
  type Placed,
  placeOf,
  SETTINGS_RECORD,
  writeFolder,
  writePlace,
} from "./account-data/index.ts";
export { changePassword } from "./change-password.ts";
export { deleteAccount } from "./delete-account.ts";
export { type ExternalLogin, proveExternally } from "./external-login.ts";
export { findContact, type FoundContact } from "./find-contact.ts";
export { type ClientsChange, createOwnIdentity, type OwnIdentity } from "./own-identity.ts";
export { lookUp } from "./people.ts";
export { logIn } from "./log-in.ts";
export { logOut } from "./log-out.ts";
export { type AskPasskey, provePasskey } from "./passkeys.ts";
export { provePassword } from "./prove-password.ts";
export { proveRequest } from "./prove-request.ts";
export {
  createRecovery,
  formatRecoveryKey,
  openServerCopy,
  parseRecoveryKey,
  readRecoveryNote,
  recoveryStatus,
  type RecoveryStatus,
  resetPassword,
} from "./recovery/index.ts";
export {
  type ContactSafety,
  listIdentities,
  readSafety,
  settleKey,
  verifyContact,
} from "./safety.ts";
export { resetAccount } from "./reset-account.ts";
export { createResetNotices } from "./reset-notices.ts";
export { register } from "./register.ts";
export { revokeClient } from "./revoke-client.ts";
export {
  bundleSetting,
  dataKeySetting,
  readAccount,
  type StoredAccount,
} from "./stored-account.ts";
export { PASSWORD_LIMITS } from "./new-password.ts";
export { KEY_STRETCHING, type KeyStretching } from "./opaque.ts";
