import { Worker } from "node:worker_threads";
import { z } from "zod";
import { compareMigrations } from "./migrations.ts";
import type { AppliedMigration, ModuleMigrations, SchemaAge } from "./migrations.ts";
import { DatabaseRefused } from "./storage-error.ts";

/** What was found in a database that no server uses. */
export type Inspection = {
  /** Empty when the file is whole: each page in place, each index and foreign key right. */
  readonly faults: readonly string[];
  readonly age: SchemaAge;
  /** By module, its applied migrations. */
  readonly schema: ReadonlyMap<string, readonly AppliedMigration[]>;
};

/**
 * Writes a copy of a database as it is at one moment, also while a server of another process works
 * with it. The copy must not exist yet. Throws `DatabaseRefused`.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const result = answerSchema.parse(await runTask({ copy: from, to }));
  if (!("code" in result)) return;
  if (result.code === "SQLITE_FULL") {
    throw new DatabaseRefused("There is no room for a copy of the database.");
  }
  throw new DatabaseRefused(`The database ${from} cannot be read: ${result.message}.`);
}

/**
 * Checks a whole database file. Throws `DatabaseRefused` when it is no database, or a newer release
 * has written it.
 */
export async function inspectDatabase(
  path: string,
  modules: readonly ModuleMigrations[],
): Promise<Inspection> {
  const result = answerSchema.parse(await runTask({ check: path }));
  if ("code" in result) {
    throw new DatabaseRefused(`The database ${path} is damaged: ${result.message}.`);
  }
  if (!("integrity" in result)) throw new TypeError("the check has no result");
  const { integrity, foreignKeys, migrations } = result;
  const faults = integrity.map((row) => row.integrity_check).filter((line) => line !== "ok");
  if (foreignKeys.length > 0)
    faults.push(`${foreignKeys.length} rows refer to rows that are not there`);
  const schema = new Map(
    migrations.map(({ table, rows }) => [table.slice(tablePrefix.length), rows] as const),
  );
  return { faults, age: compareMigrations(schema, modules), schema };
}

const tablePrefix = "__migrations_";
const answerSchema = z.union([
  z.object({ code: z.string(), message: z.string() }),
  z.object({ copied: z.literal(true) }),
  z.object({
    integrity: z.array(z.object({ integrity_check: z.string() })),
    foreignKeys: z.array(z.unknown()),
    migrations: z.array(
      z.object({
        table: z.string(),
        rows: z.array(z.object({ position: z.int(), tag: z.string(), hash: z.string() })),
      }),
    ),
  }),
]);

function runTask(task: object): Promise<unknown> {
  const program = new URL("./copy-worker.ts", import.meta.url);
  // Published packages hold what the compiler wrote, and it does not rewrite this name.
  if (import.meta.url.endsWith(".js")) program.pathname = program.pathname.replace(/ts$/, "js");
  const worker = new Worker(program, { workerData: task });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the thread ended without a result")));
  });
}
