import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { open, readFile, rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Domain, Env } from "@treehouse/protocol";
import { toHex } from "@treehouse/protocol";
import {
  copyDatabase,
  DatabaseRefused,
  inspectDatabase,
  sealingKeyFile,
  takeDataLock,
  syncDirectory,
} from "../platform/index.ts";
import { databaseFile, describeFile, pathIn, writeArchive } from "./archive.ts";
import { markCopy } from "./copy-store.sqlite.ts";
import type { Leftovers } from "./leftovers.ts";
import { databaseName, restoredSealingKeys, secretsPrefix } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { BackupRefused } from "./refused.ts";
import { createSealedWriter } from "./sealed-writer.ts";
import { derivationFor } from "./secret.ts";
import type { BackupSecret } from "./secret.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { unpackVerified } from "./verify-backup.ts";
import type { Migrations } from "./verify-backup.ts";

export interface BackupOptions {
  readonly env: Pick<Env, "now" | "random">;
  /** The data directory of the server, which may be running. */
  readonly directory: string;
  /** The setting `sealing.key_file`; beside the data directory if not given. */
  readonly sealingKeys?: string | undefined;
  /** A file that does not exist yet, or a folder that does. */
  readonly to: string;
  readonly secret: BackupSecret;
  readonly domain: Domain;
  readonly software: string;
  readonly migrations: Migrations;
  /** Where unsealed copies lie meanwhile; in the data directory if not given. */
  readonly temporary?: string | undefined;
  readonly leftovers: Leftovers;
}

export interface MadeBackup {
  readonly path: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Makes one backup of a server, which goes on serving: the database as it is at one moment, then
 * the secrets, which are there before the database refers to them, so that none is missing.
 * The file gets its name once it was read again and found good. Throws `BackupRefused`.
 */
export async function makeBackup(options: BackupOptions): Promise<MadeBackup> {
  const { env, directory, secret, leftovers } = options;
  derivationFor(secret);
  const target = targetOf(options);
  await checkDirectory(options);
  const lock = lockBackups(directory);
  try {
    const work = makeWorkFolder(options);
    leftovers.add(work);
    const copied = join(work, "copy");
    mkdirSync(copied, { mode: 0o700 });
    const manifest = await copyInto(options, copied);
    const partial = `${target}.${toHex(env.random(6))}.partial`;
    leftovers.add(partial);
    await sealInto(options, partial, manifest, copied);
    rmSync(copied, { recursive: true });
    await checkAgain(options, partial, manifest, join(work, "check"));
    if (existsSync(target)) throw exists(target);
    await rename(partial, target);
    leftovers.keep(partial);
    syncDirectory(dirname(target));
    return { path: target, bytes: (await stat(target)).size, manifest };
  } finally {
    leftovers.clear();
    lock.release();
  }
}

function makeWorkFolder({ directory, temporary }: BackupOptions): string {
  if (temporary !== undefined) return makeTemporaryFolder(temporary);
  // The lock makes it this backup's own: what is there, an interrupted one has left.
  const work = join(resolve(directory), "backup-work");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { mode: 0o700 });
  return work;
}

function targetOf({ to, domain, env }: BackupOptions): string {
  const path = resolve(to);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    const time = new Date(env.now())
      .toISOString()
      .replace(/\.\d+Z$/, "Z")
      .replaceAll(":", "");
    const named = join(path, `${domain}-${time}.thbackup`);
    if (existsSync(named)) throw exists(named);
    return named;
  }
  if (found !== undefined) throw exists(path);
  if (!existsSync(dirname(path))) {
    throw new BackupRefused(`There is no folder ${dirname(path)} for the backup. Make it first.`, {
      code: "notFound",
    });
  }
  return path;
}

function exists(path: string): BackupRefused {
  return new BackupRefused(
    `${basename(path)} exists already, and a backup never replaces anything. Choose another name.`,
    { code: "exists" },
  );
}

async function checkDirectory({ directory, domain }: BackupOptions): Promise<void> {
  if (!existsSync(join(directory, databaseFile))) {
    throw new BackupRefused(
      `There are no data of a server in ${resolve(directory)}. Name the folder with --data.`,
      { code: "notFound" },
    );
  }
  const owner = await readFile(join(directory, secretsPrefix, "domain"), "utf8");
  if (owner === domain) return;
  throw new BackupRefused(
    `The data in ${resolve(directory)} belong to the domain ${owner}, and the configuration says ` +
      `${domain}. Name the right configuration with --config, or the right data with --data.`,
    { code: "wrongDomain" },
  );
}

function lockBackups(directory: string): { release(): void } {
  try {
    return takeDataLock(join(directory, "backup"));
  } catch (cause) {
    if (!(cause instanceof DatabaseRefused)) throw cause;
    throw new BackupRefused("Another backup of this server is being made. Wait for its end.", {
      code: "inUse",
      cause,
    });
  }
}

async function copyInto(options: BackupOptions, folder: string): Promise<Manifest> {
  const { env, directory, domain, software } = options;
  const path = pathIn(folder, databaseName);
  await copyDatabase(join(directory, databaseFile), path);
  chmodSync(path, 0o600);
  const createdAt = env.now();
  const lives = markCopy(path, createdAt);
  const { schema, age } = await inspectDatabase(path, options.migrations);
  if (age === "older") {
    throw new BackupRefused(
      "This release has not served over this database yet. Start the server once, then make the backup.",
    );
  }
  mkdirSync(join(folder, secretsPrefix), { mode: 0o700 });
  const files = [await describeFile(databaseName, path)];
  for (const name of readdirSync(join(directory, secretsPrefix)).toSorted()) {
    if (name.endsWith(".draft") || name === restoredSealingKeys) continue;
    const secret = `${secretsPrefix}${name}`;
    if (!(await copySecret(pathIn(directory, secret), pathIn(folder, secret)))) continue;
    files.push(await describeFile(secret, pathIn(folder, secret)));
  }
  const keysFrom = sealingKeyFile(options.sealingKeys ?? "", directory);
  const sealing = `${secretsPrefix}${restoredSealingKeys}`;
  if (await copySecret(keysFrom, pathIn(folder, sealing))) {
    files.push(await describeFile(sealing, pathIn(folder, sealing)));
  }
  return {
    format: 1,
    software,
    domain,
    createdAt,
    incarnation: toHex(lives.incarnation),
    lives: lives.count,
    schema: Object.fromEntries([...schema].map(([module, rows]) => [module, [...rows]])),
    files,
  };
}

/** False when it is gone: a key that was replaced is destroyed when its time is over. */
async function copySecret(from: string, to: string): Promise<boolean> {
  let content: Uint8Array;
  try {
    content = await readFile(from);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
  const file = await open(to, "wx", 0o600);
  try {
    await file.writeFile(content);
    return true;
  } finally {
    await file.close();
  }
}

async function sealInto(
  { env, secret }: BackupOptions,
  partial: string,
  manifest: Manifest,
  folder: string,
): Promise<void> {
  const file = await open(partial, "wx", 0o600);
  try {
    const writer = await createSealedWriter(file, secret, env.random);
    await writeArchive(writer, manifest, (name) => pathIn(folder, name));
  } finally {
    await file.close();
  }
}

/** Reads the finished file as a restore would. */
async function checkAgain(
  { secret, migrations }: BackupOptions,
  path: string,
  manifest: Manifest,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = await unpackVerified({ path, secret, folder, migrations });
  if (JSON.stringify(found) === JSON.stringify(manifest)) return;
  throw new Error("the backup says something else of itself than what was written");
}
