import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { rename, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Domain } from "@treehouse/protocol";
import {
  DatabaseRefused,
  DirectoryRefused,
  takeDataLock,
  syncDirectory,
} from "../platform/index.ts";
import { databaseFile } from "./archive.ts";
import { secretsPrefix } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { BackupRefused } from "./refused.ts";
import { unpackVerified, verifyBackup } from "./verify-backup.ts";
import type { VerifyOptions } from "./verify-backup.ts";

export interface RestoreOptions extends Omit<VerifyOptions, "judge"> {
  /** The data directory of the server to be: missing or empty. */
  readonly directory: string;
  /** The one that the configuration names. */
  readonly domain: Domain;
  /** Checks everything and writes nothing. */
  readonly dryRun: boolean;
}

/**
 * Puts a backup into an empty data directory. The database gets its place last, by one rename: before
 * that a server refuses the directory, and after it everything is there, marked as old, which the
 * server acts upon when it starts. Throws `BackupRefused`.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const { dryRun, domain, leftovers } = options;
  const directory = resolve(options.directory);
  refuseInUse(directory);
  const judge = (manifest: Manifest): void => refuseOtherDomain(manifest, domain);
  if (dryRun) return verifyBackup({ ...options, judge });
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lockFile = join(directory, `${databaseFile}.lock`);
  const wasLocked = existsSync(lockFile);
  const lock = takeDataLock(join(directory, databaseFile));
  const folder = join(directory, unfinished);
  leftovers.add(folder);
  let isDone = false;
  try {
    mkdirSync(folder, { mode: 0o700 });
    const manifest = await unpackVerified({ ...options, folder, judge });
    leftovers.keep(folder);
    await rename(join(folder, secretsPrefix), join(directory, secretsPrefix));
    syncDirectory(directory);
    await rename(join(folder, databaseFile), join(directory, databaseFile));
    await rmdir(folder);
    syncDirectory(directory);
    isDone = true;
    return manifest;
  } finally {
    leftovers.clear();
    lock.release();
    if (!isDone && !wasLocked) rmSync(lockFile, { force: true });
    if (!isDone && made !== undefined) removeEmpty(directory, made);
  }
}

/** The folders that were made for what was refused then, from the innermost out. */
function removeEmpty(directory: string, outermost: string): void {
  for (let each = directory; each.startsWith(outermost); each = dirname(each)) {
    if (readdirSync(each).length > 0) return;
    rmdirSync(each);
  }
}

/** The folder of a restore that is under way, or was cut off. */
const unfinished = "restoring";
/** What may lie in an empty directory: the one is made by file systems, the other by us. */
const harmless: ReadonlySet<string> = new Set(["lost+found", `${databaseFile}.lock`]);

function refuseInUse(directory: string): void {
  if (!existsSync(directory)) return;
  const found = readdirSync(directory).filter((name) => !harmless.has(name));
  refuseRunning(directory);
  if (found.length === 0) return;
  throw new BackupRefused(
    found.includes(unfinished)
      ? `A restore into ${directory} was cut off. Empty that folder, and restore again.`
      : `${directory} is not empty, and a restore never replaces anything. Stop the server if it ` +
          "runs, move that folder away (and keep it), or choose another with --data.",
    { code: "exists" },
  );
}

function refuseRunning(directory: string): void {
  if (!existsSync(join(directory, `${databaseFile}.lock`))) return;
  try {
    takeDataLock(join(directory, databaseFile)).release();
  } catch (cause) {
    if (!(cause instanceof DatabaseRefused)) throw cause;
    throw new BackupRefused(
      `A server, or another restore, works in ${directory}. Stop it, move the folder away (and ` +
        "keep it), and restore into an empty one.",
      { code: "inUse", cause },
    );
  }
}

function refuseOtherDomain({ domain }: Manifest, configured: Domain): void {
  if (domain === configured) return;
  throw new BackupRefused(
    `This backup belongs to the domain ${domain}, and the configuration says ${configured}. ` +
      `Set server.domain to ${domain}, or take the backup of ${configured}.`,
    { code: "wrongDomain" },
  );
}

/** What a restore has not finished is no data directory. Throws `DirectoryRefused`. */
export function refuseUnfinishedRestore(directory: string): void {
  const begun = existsSync(join(directory, unfinished));
  if (!begun || existsSync(join(directory, databaseFile))) return;
  throw new DirectoryRefused(
    `A restore into ${resolve(directory)} was cut off. Empty that folder, and restore again.`,
  );
}
