/** The history as it travels: exports, archives, the backup, and what clients and members hand on. */
export {
  type ArchiveProgress,
  type ArchiveWanted,
  readArchive,
  writeArchive,
} from "./archive-file.ts";
export {
  type Backup,
  type BackupPorts,
  type BackupStatus,
  createBackup,
  wantHistory,
} from "./backup/index.ts";
export { createTransfer, type Transfer } from "./transfer/index.ts";
export { createGrants, type Grants } from "./grant/index.ts";
export type { HistoryContext } from "./context.ts";
export { exportLines, type HistoryLine } from "./export-lines.ts";
export type { TakenCount } from "./take-segment.ts";
