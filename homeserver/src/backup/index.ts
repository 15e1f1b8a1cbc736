/**
 * Backup makes sealed copies of a homeserver while it serves, checks them, and puts them back.
 *
 * It promises: what a backup says to hold was read again from the finished file before the file got
 * its name; a file that is altered anywhere, cut off, or put together from others is refused whole;
 * and a server that starts over an old database knows it, whoever put it there, and says so to
 * its clients and peers before it serves.
 */
import { migrationsOf } from "../platform/index.ts";

export { beginLife } from "./begin-life.ts";
export type { NewLife, Restorable } from "./begin-life.ts";
export { createLeftovers } from "./leftovers.ts";
export type { Leftovers } from "./leftovers.ts";
export { createLivesFile } from "./lives-file.ts";
export { makeBackup } from "./make-backup.ts";
export { restoredSealingKeys } from "./manifest.ts";
export type { Manifest } from "./manifest.ts";
export { BackupRefused } from "./refused.ts";
export { refuseUnfinishedRestore, restoreBackup } from "./restore-backup.ts";
export { parseKeyFile } from "./secret.ts";
export type { BackupSecret } from "./secret.ts";
export { verifyBackup } from "./verify-backup.ts";

export const backupMigrations = migrationsOf("backup");
