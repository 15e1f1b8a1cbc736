/** What a user's clients keep for each other at the server, sealed under a key of their own. */
export { type AccountData, createAccountData, type DataChange } from "./sync-data.ts";
export {
  clientNameOf,
  labelOf,
  metadataKeyOf,
  notesOf,
  type RoomNotes,
  writeClientName,
  writeLabel,
  writeMetadataKey,
  writeOwnName,
  writeRead,
} from "./notes.ts";
export { fileRecords, PROFILE_RECORD, recordOfFile, SETTINGS_RECORD } from "./records.ts";
