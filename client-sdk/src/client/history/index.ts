/** Older messages: told to further clients, taken from them, and kept in the backup. */
export type { ClientBackup } from "./backup.ts";
export { type ClientHistory, createClientHistory, type ExportWanted } from "./history.ts";
export { startHistory } from "./start-history.ts";
