import { existsSync, mkdtempSync } from "node:fs";
import { join, resolve } from "node:path";
import { BackupRefused } from "./refused.ts";

/**
 * A folder of this command's own for unsealed copies, in one that others may share: nobody knows its
 * name beforehand, and nobody else enters it.
 */
export function makeTemporaryFolder(parent: string): string {
  const place = resolve(parent);
  if (!existsSync(place)) {
    throw new BackupRefused(`There is no folder ${place} for unsealed copies. Make it first.`, {
      code: "notFound",
    });
  }
  return mkdtempSync(join(place, "treehouse-"));
}
