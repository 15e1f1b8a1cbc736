import { mkdirSync, readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AssetUri } from "@treehouse/protocol";
import { createTurns } from "../platform/index.ts";
import { blobKeyOf } from "./keys.ts";

/** Pieces of other servers' assets, a file each. To lose one costs no more than to fetch it again. */
export interface CopyFiles {
  read(asset: AssetUri, index: number): Promise<Uint8Array | undefined>;
  /** Kept unless the disk is full. */
  write(asset: AssetUri, index: number, octets: Uint8Array): Promise<void>;
  delete(asset: AssetUri): Promise<void>;
  /** Octets of all pieces. */
  readonly bytes: number;
}

/** Counts what is there from an earlier life; what no row explains any more goes. */
export async function openCopyFiles(
  directory: string,
  known: ReadonlySet<string>,
): Promise<CopyFiles> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  /** Octets by key and piece: one that is written again takes the place of the one before. */
  const sizes = new Map<string, Map<string, number>>();
  /** What is counted of a key is what is on the disk, whoever writes and deletes at the same time. */
  const turns = createTurns<string>();
  let bytes = 0;
  let drafts = 0;

  const note = (key: string, piece: string, octets: number): void => {
    const pieces = sizes.get(key) ?? new Map<string, number>();
    bytes += octets - (pieces.get(piece) ?? 0);
    sizes.set(key, pieces.set(piece, octets));
  };
  for (const key of readdirSync(directory)) {
    if (known.has(key)) await noteAll(join(directory, key), (...piece) => note(key, ...piece));
    else await rm(join(directory, key), { recursive: true, force: true });
  }

  return {
    get bytes() {
      return bytes;
    },
    async read(asset, index) {
      try {
        return await readFile(join(directory, blobKeyOf(asset), String(index)));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
        throw error;
      }
    },
    write(asset, index, octets) {
      const key = blobKeyOf(asset);
      const folder = join(directory, key);
      const draft = join(folder, `draft-${(drafts += 1)}`);
      return turns.take(key, async () => {
        try {
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await writeFile(draft, octets, { mode: 0o600 });
          await rename(draft, join(folder, String(index)));
          note(key, String(index), octets.length);
        } catch {
          // A copy is a convenience: whoever wanted it has it, and the next one fetches it again.
          await rm(draft, { force: true });
        }
      });
    },
    delete(asset) {
      const key = blobKeyOf(asset);
      return turns.take(key, async () => {
        for (const octets of sizes.get(key)?.values() ?? []) bytes -= octets;
        sizes.delete(key);
        await rm(join(directory, key), { recursive: true, force: true });
      });
    },
  };
}

async function noteAll(
  folder: string,
  note: (piece: string, octets: number) => void,
): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith("draft-")) await rm(join(folder, name), { force: true });
    else note(name, (await stat(join(folder, name))).size);
  }
}
