import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Bytes, Env } from "@treehouse/protocol";
import { Assertion } from "./assertion.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Where everything lies that must outlive the process. */
export interface DataDirectory {
  readonly databasePath: string;
  /** Small files that are written once: long-term secrets, and what the directory belongs to. */
  readonly files: OnceFiles;
}

export interface OnceFiles {
  /** Undefined when there is none of that name. */
  read(name: string): Promise<Bytes | undefined>;
  /** Durable when it resolves. Never overwrites: answers what is there if somebody was first. */
  create(name: string, content: Bytes): Promise<Bytes>;
  /** The names of the files that there are, sorted. */
  names(): Promise<readonly string[]>;
  /** Gone for good when it resolves; does nothing when there is none of that name. */
  remove(name: string): Promise<void>;
}

/** The directory cannot be used. The message says what the operator can do. */
export class DirectoryRefused extends Error {
  override readonly name = "DirectoryRefused";
}

/** Makes the directory if it is not there, for its owner only, and makes that durable. */
export function openDataDirectory(path: string, env: Pick<Env, "random">): DataDirectory {
  const directory = resolve(path);
  const secrets = join(directory, "secrets");
  try {
    const made = mkdirSync(secrets, { recursive: true, mode: 0o700 });
    syncDirectory(directory);
    // Each folder that was made is named in the one above it.
    if (made !== undefined) {
      for (let each = directory; each.startsWith(made); each = dirname(each)) {
        syncDirectory(dirname(each));
      }
    }
  } catch (error) {
    throw new DirectoryRefused(
      `The data directory ${directory} cannot be made or written. Choose another with --data.`,
      { cause: error },
    );
  }
  return { databasePath: join(directory, "treehouse.sqlite"), files: onceFiles(secrets, env) };
}

/** They are used at starts only, when nobody waits who could be kept from being served. */
function onceFiles(directory: string, env: Pick<Env, "random">): OnceFiles {
  async function read(name: string): Promise<Bytes | undefined> {
    try {
      return new Uint8Array(readFileSync(pathOf(directory, name)));
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  return {
    read,
    async create(name, content) {
      // Before anything is written: at most starts it is there, and the disk may be full.
      const known = await read(name);
      if (known !== undefined) return known;
      const path = pathOf(directory, name);
      const draft = `${path}.${Buffer.from(env.random(8)).toString("hex")}.draft`;
      try {
        const file = openSync(draft, "wx", 0o600);
        try {
          writeSync(file, content);
          fsyncSync(file);
        } finally {
          closeSync(file);
        }
        // A link appears whole or not at all, and unlike a rename it never replaces what is there.
        linkSync(draft, path);
        syncDirectory(directory);
        return content;
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
        const first = await read(name);
        if (first === undefined) throw error;
        return first;
      } finally {
        rmSync(draft, { force: true });
      }
    },
    async names() {
      const found = readdirSync(directory);
      return found.filter((name) => namePattern.test(name)).toSorted();
    },
    async remove(name) {
      const path = pathOf(directory, name);
      if (!existsSync(path)) return;
      rmSync(path);
      syncDirectory(directory);
    },
  };
}

const namePattern = /^[a-z][a-z0-9-]{0,63}$/;

function pathOf(directory: string, name: string): string {
  if (!namePattern.test(name)) throw new Assertion("This is no name of a file.");
  return join(directory, name);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
