import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { syncDirectory } from "../platform/index.ts";

/**
 * The counter of lives outside of the database: it is in no backup, so that a database which is put
 * back alone is found to be older than it.
 */
export interface LivesFile {
  /** Undefined when there is none, or it cannot be read as a number. */
  read(): Promise<number | undefined>;
  /** Durable when it resolves. */
  write(count: number): Promise<void>;
}

export function createLivesFile(databasePath: string): LivesFile {
  const folder = dirname(databasePath);
  const path = join(folder, "boot");
  return {
    async read() {
      try {
        const text = readFileSync(path, "utf8").trim();
        return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(count) {
      const draft = `${path}.draft`;
      const file = openSync(draft, "w", 0o600);
      try {
        writeSync(file, `${count}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
      syncDirectory(folder);
    },
  };
}
