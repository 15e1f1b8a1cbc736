/** What a user's clients keep for each other at the server, sealed under a key of their own. */
export { type AccountData, createAccountData, type DataChange } from "./sync-data.ts";
export {
  backupHeadOf,
  clientNameOf,
  isBackupOn,
  labelOf,
  metadataKeyOf,
  notesOf,
  type RoomNotes,
  writeBackupHead,
  writeBackupOn,
  writeClientName,
  writeLabel,
  writeMetadataKey,
  writeOwnName,
  writeRead,
} from "./notes.ts";
export { PROFILE_RECORD, SETTINGS_RECORD } from "./records.ts";
