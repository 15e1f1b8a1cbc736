/**
 * Copies of the corrected library in which single corrections are put back, to show that a test
 * notices. A mutant is named by the number of the fault (`B11`; `mutations.ts` has them all).
 *
 * In a process of its own:
 *
 *     TREEHOUSE_MLS_MUTANT=B11 node --import ./packages/mls/test/mutants/register.ts script.ts
 *
 * Every import of `ts-mls` and of its modules then comes from the mutant. Without the variable the
 * hook does nothing. The copies lie under `node_modules/.cache` of this package, named by content:
 * they are built once, whole or not at all, and never change.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { mutations } from "./mutations.ts";

/** `dist/src` of the corrected library. */
export const libraryFolder: string = dirname(fileURLToPath(import.meta.resolve("ts-mls")));

const cache = fileURLToPath(new URL("../../node_modules/.cache/ts-mls-mutants", import.meta.url));

/** Builds the mutant if it is not there yet; the folder that stands for `dist/src`. */
export function buildMutant(name: string): string {
  const changes = mutations[name];
  if (changes === undefined) throw new Error(`no mutant is named ${name}`);
  const version = createHash("sha256")
    .update(JSON.stringify([libraryFolder, changes]))
    .digest("hex")
    .slice(0, 16);
  const target = join(cache, `${name}-${version}`);
  if (existsSync(target)) return target;

  mkdirSync(cache, { recursive: true });
  const draft = `${target}.${process.pid}`;
  cpSync(libraryFolder, draft, {
    recursive: true,
    filter: (path) => !/\.(d\.ts|map)$/.test(path),
  });
  for (const { file, find, replace } of changes) {
    const path = join(draft, file);
    const text = readFileSync(path, "utf8");
    if (text.split(find).length !== 2) {
      rmSync(draft, { recursive: true });
      throw new Error(`${name}: ${file} does not have exactly one ${JSON.stringify(find)}`);
    }
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
  }
  writeFileSync(join(draft, "package.json"), '{ "type": "module" }\n');
  try {
    renameSync(draft, target);
  } catch (error) {
    // another process was faster
    if (!existsSync(target)) throw error;
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}
