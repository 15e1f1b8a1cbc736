import { open, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { FileHandle } from "node:fs/promises";
import { compareMigrations, DatabaseRefused, inspectDatabase } from "../platform/index.ts";
import { pathIn, unpackArchive } from "./archive.ts";
import { damaged } from "./chunks.ts";
import { readCopy } from "./copy-store.sqlite.ts";
import type { Leftovers } from "./leftovers.ts";
import { databaseName, secretsPrefix } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { BackupRefused } from "./refused.ts";
import { openSealedReader } from "./sealed-reader.ts";
import type { BackupSecret } from "./secret.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** The schema histories of all modules, in the order in which they are applied. */
export type Migrations = Parameters<typeof compareMigrations>[1];

export interface VerifyOptions {
  readonly path: string;
  readonly secret: BackupSecret;
  readonly migrations: Migrations;
  /** Where the unsealed copy lies meanwhile; the system's temporary folder if not given. */
  readonly temporary?: string | undefined;
  readonly leftovers: Leftovers;
  /** Sees the manifest first, and throws if there is no use in going on. */
  readonly judge?: (manifest: Manifest) => void;
}

/** Opens a backup as a restore would, checks all that is in it, and leaves nothing behind. */
export async function verifyBackup(options: VerifyOptions): Promise<Manifest> {
  const { leftovers, temporary = tmpdir() } = options;
  const folder = makeTemporaryFolder(temporary);
  leftovers.add(folder);
  try {
    return await unpackVerified({ ...options, folder });
  } finally {
    leftovers.clear();
  }
}

/**
 * Unpacks a backup into an empty folder and checks it there: every octet of it is authentic, the
 * hashes are right, the database is whole and of a schema that this release can serve.
 */
export async function unpackVerified(
  options: Pick<VerifyOptions, "path" | "secret" | "migrations" | "judge"> & {
    readonly folder: string;
  },
): Promise<Manifest> {
  const { path, secret, migrations, judge, folder } = options;
  const file = await openBackup(path);
  let manifest: Manifest;
  try {
    const reader = await openSealedReader(file, secret);
    manifest = await unpackArchive(reader, folder, (found) => {
      checkSchema(found, migrations);
      judge?.(found);
    });
  } finally {
    await file.close();
  }
  const database = pathIn(folder, databaseName);
  const { faults } = await inspectDatabase(database, migrations);
  if (faults.length > 0) {
    throw new BackupRefused(
      `The database in this backup is damaged: ${faults.join("; ")}. Take an earlier backup, and ` +
        "look after the disk of the server that made this one.",
      { code: "damaged" },
    );
  }
  const lives = readCopy(database);
  const owner = await readFile(pathIn(folder, `${secretsPrefix}domain`), "utf8");
  if (lives.copiedAt !== manifest.createdAt || owner !== manifest.domain) throw damaged();
  return manifest;
}

async function openBackup(path: string): Promise<FileHandle> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new BackupRefused(`The backup ${path} cannot be read: there is none.`, {
      code: "notFound",
    });
  }
  try {
    if (!found.isFile()) throw new TypeError("it is no file");
    return await open(path, "r");
  } catch (cause) {
    throw new BackupRefused(`The backup ${path} cannot be read.`, { code: "unreadable", cause });
  }
}

function checkSchema({ schema, software }: Manifest, migrations: Migrations): void {
  try {
    compareMigrations(new Map(Object.entries(schema)), migrations);
  } catch (cause) {
    if (!(cause instanceof DatabaseRefused)) throw cause;
    throw new BackupRefused(
      `This backup was made by release ${software}, whose database this release does not know. ` +
        "Restore it with that release, or a later one.",
      { cause },
    );
  }
}
