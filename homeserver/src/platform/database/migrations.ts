import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type BetterSqlite3 from "better-sqlite3";
import { z } from "zod";
import { DatabaseRefused } from "./storage-error.ts";

/** The schema history of one module, as drizzle-kit wrote it. */
export interface ModuleMigrations {
  readonly module: string;
  readonly folder: string;
}

/** The history that lies in `homeserver/migrations/<module>`. */
export function migrationsOf(module: string): ModuleMigrations {
  return {
    module,
    folder: fileURLToPath(new URL(`../../../migrations/${module}/`, import.meta.url)),
  };
}

/**
 * Brings every module's tables to the newest schema, all in one transaction: when one migration
 * fails, the release before still starts.
 *
 * Refuses a database whose history holds a migration unknown here (written by a newer release) or
 * one whose text has changed since it was applied.
 */
export function migrate(
  connection: BetterSqlite3.Database,
  modules: readonly ModuleMigrations[],
  now: () => number,
): void {
  // Rebuilding a table would otherwise cascade; the whole is checked before each commit instead.
  connection.pragma("foreign_keys = OFF");
  connection.exec("BEGIN IMMEDIATE");
  try {
    const changed = modules.filter((module) => migrateModule(connection, module, now));
    const broken = changed.length === 0 ? [] : connection.pragma("foreign_key_check");
    if (Array.isArray(broken) && broken.length > 0) {
      const names = changed.map(({ module }) => module).join(", ");
      throw new DatabaseRefused(`The migrations of ${names} break a foreign key.`);
    }
    connection.exec("COMMIT");
  } catch (error) {
    if (connection.inTransaction) connection.exec("ROLLBACK");
    throw error;
  }
  connection.pragma("foreign_keys = ON");
}

interface Migration {
  readonly tag: string;
  readonly hash: string;
  readonly statements: readonly string[];
}

/** A row of a module's own history in a database. */
export type AppliedMigration = {
  readonly position: number;
  readonly tag: string;
  readonly hash: string;
};

/** How the schema of a database compares with what this release would make of it. */
export type SchemaAge = "same" | "older";

const journalSchema = z.object({ entries: z.array(z.object({ idx: z.int(), tag: z.string() })) });
const appliedSchema = z.array(z.object({ position: z.int(), tag: z.string(), hash: z.string() }));

/** Answers whether there was anything to do. */
function migrateModule(
  connection: BetterSqlite3.Database,
  history: ModuleMigrations,
  now: () => number,
): boolean {
  const { module } = history;
  if (!/^[a-z][a-z-]*$/.test(module)) throw new DatabaseRefused(`No module is named ${module}.`);
  const table = `__migrations_${tableName(module)}`;
  const known = migrationsIn(history);
  connection.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (position INTEGER PRIMARY KEY, tag TEXT NOT NULL,
     hash TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`,
  );
  const applied = appliedSchema.parse(
    connection.prepare(`SELECT position, tag, hash FROM ${table} ORDER BY position`).all(),
  );
  checkApplied(module, applied, known);
  const insert = connection.prepare(
    `INSERT INTO ${table} (position, tag, hash, applied_at) VALUES (?, ?, ?, ?)`,
  );
  const missing = known.slice(applied.length);
  for (const [index, { tag, hash, statements }] of missing.entries()) {
    for (const statement of statements) connection.exec(statement);
    insert.run(applied.length + index, tag, hash, now());
  }
  return missing.length > 0;
}

/** Throws unless what was applied is the beginning of what is known. */
function checkApplied(
  module: string,
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
): void {
  for (const { position, tag, hash } of applied) {
    const same = known[position];
    if (same === undefined) throw newer(`${module} ${tag}`);
    if (same.tag !== tag || same.hash !== hash) {
      throw new DatabaseRefused(
        `Migration ${module} ${tag} is not the one this database was built with. ` +
          "Start the release that wrote the database.",
      );
    }
  }
}

function newer(what: string): DatabaseRefused {
  return new DatabaseRefused(
    `The database was written by a newer release (${what}). ` +
      "Start that release, or restore a backup made before it.",
  );
}

/**
 * Compares the histories of a database, by the names that its tables carry, with those known here,
 * and changes nothing. Refuses what `migrate` refuses, and modules that this release has never had.
 */
export function compareMigrations(
  applied: ReadonlyMap<string, readonly AppliedMigration[]>,
  modules: readonly ModuleMigrations[],
): SchemaAge {
  const left = new Set(applied.keys());
  let age: SchemaAge = "same";
  for (const history of modules) {
    const { module } = history;
    const name = tableName(module);
    const rows = applied.get(name) ?? [];
    const known = migrationsIn(history);
    checkApplied(module, rows, known);
    if (rows.length < known.length) age = "older";
    left.delete(name);
  }
  for (const name of left) throw newer(name);
  return age;
}

function tableName(module: string): string {
  return module.replaceAll("-", "_");
}

/** Releases do not change under a process. */
const read = new WeakMap<ModuleMigrations, readonly Migration[]>();

function migrationsIn(module: ModuleMigrations): readonly Migration[] {
  const known = read.get(module);
  if (known !== undefined) return known;
  const migrations = readMigrations(module.folder);
  read.set(module, migrations);
  return migrations;
}

function readMigrations(folder: string): readonly Migration[] {
  const journal = join(folder, "meta/_journal.json");
  if (!existsSync(journal)) throw new DatabaseRefused(`No migrations were found in ${folder}.`);
  const { entries } = journalSchema.parse(JSON.parse(readFileSync(journal, "utf8")));
  return entries.map(({ idx, tag }, position) => {
    if (idx !== position) throw new DatabaseRefused(`The journal in ${folder} has a gap.`);
    const text = readFileSync(join(folder, `${tag}.sql`), "utf8");
    return {
      tag,
      hash: createHash("sha256").update(text).digest("hex"),
      statements: text.split("--> statement-breakpoint"),
    };
  });
}
