import { mkdirSync, readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AssetUri } from "@treehouse/protocol";
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
  const sizes = new Map<string, number>();
  let bytes = 0;
  let drafts = 0;

  const note = (key: string, octets: number): void => {
    sizes.set(key, (sizes.get(key) ?? 0) + octets);
    bytes += octets;
  };
  for (const key of readdirSync(directory)) {
    if (known.has(key)) note(key, await sizeOf(join(directory, key)));
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
    async write(asset, index, octets) {
      const key = blobKeyOf(asset);
      const folder = join(directory, key);
      const draft = join(folder, `draft-${(drafts += 1)}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(draft, octets, { mode: 0o600 });
        await rename(draft, join(folder, String(index)));
        note(key, octets.length);
      } catch {
        // A copy is a convenience: whoever wanted it has it, and the next one fetches it again.
        await rm(draft, { force: true });
      }
    },
    async delete(asset) {
      const key = blobKeyOf(asset);
      bytes -= sizes.get(key) ?? 0;
      sizes.delete(key);
      await rm(join(directory, key), { recursive: true, force: true });
    },
  };
}

async function sizeOf(folder: string): Promise<number> {
  let octets = 0;
  for (const name of await readdir(folder)) {
    if (name.startsWith("draft-")) await rm(join(folder, name), { force: true });
    else octets += (await stat(join(folder, name))).size;
  }
  return octets;
}
