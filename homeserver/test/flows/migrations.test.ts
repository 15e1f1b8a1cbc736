import { readdirSync, readFileSync } from "node:fs";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const modules = readdirSync(new URL("migrations/", root)).toSorted();

test("every module with a schema has its history, and the other way round", () => {
  const withSchema = readdirSync(new URL("src/", root), { recursive: true })
    .map(String)
    // A part of a module has its tables in the module's schema.
    .filter((path) => /^[^/]+\/schema\.ts$/.test(path))
    .map((path) => path.slice(0, -"/schema.ts".length));
  expect(modules.length).toBeGreaterThan(3);
  expect(modules).toEqual(withSchema.toSorted());
});

test.each(modules)("the history of %s ends at its schema", async (module) => {
  const meta = new URL(`migrations/${module}/meta/`, root);
  const { entries } = JSON.parse(readFileSync(new URL("_journal.json", meta), "utf8"));
  const index = String(entries.length - 1).padStart(4, "0");
  const last = JSON.parse(readFileSync(new URL(`${index}_snapshot.json`, meta), "utf8"));
  const schema = await import(new URL(`src/${module}/schema.ts`, root).href);
  const current = await generateSQLiteDrizzleJson(schema, last.id);
  const tables = Object.keys(current.tables);
  expect(tables.length).toBeGreaterThan(0);
  for (const table of tables) expect(table.startsWith(module.replaceAll("-", "_"))).toBe(true);
  expect(await generateSQLiteMigration(last, current)).toEqual([]);
});
