/**
 * Writes `vectors/` and the tables of errors and limits anew; the tests fail while the files are
 * not what this writes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { pagesWithTables } from "./page-tables.ts";
import { vectorFiles } from "./vector-files.ts";

const folder = new URL("../vectors/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of vectorFiles()) writeFileSync(new URL(name, folder), text);
for (const [name, text] of pagesWithTables()) {
  writeFileSync(new URL(`../${name}`, import.meta.url), text);
}
