import { mkdirSync } from "node:fs";
import { open, mkdir, opendir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Assertion, syncDirectory } from "../../platform/index.ts";
import { storageFullOr } from "../files.ts";
import { BlobGone } from "./blob-store.ts";
import type { BlobStore } from "./blob-store.ts";

/** Octets that are read, and held, at once. */
const bufferBytes = 256 * 1024;
const keyPattern = /^[0-9a-f]{64}$/;
const folderPattern = /^[0-9a-f]{2}$/;

/**
 * Blobs as files below a directory of the same file system as the files that become blobs: 256
 * folders by the first octet of the key.
 */
export async function openDiskBlobs(directory: string): Promise<BlobStore> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  syncDirectory(dirname(directory));

  const pathOf = (key: string): string => {
    if (!keyPattern.test(key)) throw new Assertion("This is no key of a blob.");
    return join(directory, key.slice(0, 2), key.slice(2));
  };

  return {
    async adopt(key, file) {
      const path = pathOf(key);
      if (await isThere(path)) {
        await rm(file, { force: true });
        return;
      }
      try {
        await mkdir(dirname(path), { mode: 0o700 }).then(
          () => syncFolder(directory),
          ignore("EEXIST"),
        );
        const handle = await open(file, "r+");
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(file, path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw storageFullOr(error);
      }
    },
    has: (key) => isThere(pathOf(key)),
    async *read(key, offset, length) {
      const handle = await open(pathOf(key), "r").catch((error: unknown) => {
        if (hasCode(error, "ENOENT"))
          throw new BlobGone("There is no such blob.", { cause: error });
        throw error;
      });
      try {
        const end = offset + length;
        for (let at = offset; at < end;) {
          // One of its own for each: the socket may still be sending the one before.
          const buffer = new Uint8Array(Math.min(bufferBytes, end - at));
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) throw new Error("A blob is shorter than it was.");
          yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await handle.close();
      }
    },
    async delete(key) {
      const path = pathOf(key);
      await rm(path, { force: true });
      await syncFolder(dirname(path)).catch(ignore("ENOENT"));
    },
    async *list() {
      for await (const folder of await opendir(directory)) {
        if (!folderPattern.test(folder.name)) continue;
        for await (const file of await opendir(join(directory, folder.name))) {
          const key = folder.name + file.name;
          if (!keyPattern.test(key)) continue;
          const found = await stat(pathOf(key)).catch(ignore("ENOENT"));
          if (found !== undefined) yield { key, changedAt: found.mtimeMs };
        }
      }
    },
    close: () => Promise.resolve(),
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(ignore("ENOENT"))) !== undefined;
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, code)) throw error;
    return undefined;
  };
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
