/** What a user's clients keep for each other at the server, sealed under a key of their own. */
export { type AccountData, createAccountData, type DataChange } from "./sync-data.ts";
export { type Draft, draftAt, dropDraftsAbout, writeDraft } from "./drafts.ts";
export { type ThreadNote, threadNoteOf, writeThreadNote } from "./thread-notes.ts";
export {
  backupHeadOf,
  clientNameOf,
  historyNoteOf,
  isBackupOn,
  labelOf,
  metadataKeyOf,
  notesOf,
  type RoomNotes,
  writeBackupHead,
  writeBackupOn,
  writeClientName,
  writeHistoryNote,
  writeLabel,
  writeMetadataKey,
  writeOwnName,
} from "./notes.ts";
export { writeRead } from "./read-position.ts";
export {
  type Folder,
  foldersOf,
  newFolderId,
  pinsOf,
  type PlaceChange,
  type Placed,
  placeOf,
  writeFolder,
  writePlace,
} from "./places.ts";
export {
  fileRecords,
  PROFILE_RECORD,
  recordOfFile,
  SETTINGS_RECORD,
  STICKERS_RECORD,
} from "./records.ts";
