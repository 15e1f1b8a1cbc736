import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { FolderFile, PackContent } from "@treehouse/client-sdk";
import { STICKER_LIMITS } from "@treehouse/protocol";

import { CliFailure, EXIT } from "../failure.ts";

/** So much of each file is read: one that is longer is refused by what there is of it. */
const readMax = STICKER_LIMITS.pictureBytesMax + 1;
const listBytesMax = 4 * 1024 * 1024;

/** The files of a folder; folders inside of it are passed over. */
export async function readStickerFolder(path: string): Promise<readonly FolderFile[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new CliFailure(EXIT.usage, "fileUnreadable", `${path} cannot be read: ${String(error)}`);
  });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return Promise.all(
    names.map(async (name) => {
      const file = join(path, name);
      const max = name.endsWith(".json") ? listBytesMax : readMax;
      const { size } = await stat(file);
      // A file of gigabytes in the folder is no sticker: its beginning shows that as well.
      if (size > max) return { name, bytes: new Uint8Array(max) };
      return { name, bytes: new Uint8Array(await readFile(file)) };
    }),
  );
}

const endings = {
  "application/x-tgsticker": "tgs",
  "video/webm": "webm",
  "image/webp": "webp",
  "image/png": "png",
  "image/gif": "gif",
  "image/jpeg": "jpg",
} as const;

type Written = { readonly file: string; readonly bytes: Uint8Array };

/** Writes a pack into a new folder, with the list that `sticker create` reads. */
export async function writeStickerFolder(
  path: string,
  pack: PackContent,
  bytesOf: (number: number) => Promise<Uint8Array>,
): Promise<number> {
  await mkdir(path, { recursive: true });
  if ((await readdir(path)).length > 0) {
    throw new CliFailure(EXIT.usage, "fileExists", `${path} is not empty`);
  }
  const stickers = pack.stickers.map(({ mediaType, emojis, name }, index) => ({
    file: `${String(index + 1).padStart(3, "0")}.${endings[mediaType]}`,
    emojis,
    name,
  }));
  for (const [index, { file }] of stickers.entries()) {
    await write(path, { file, bytes: await bytesOf(index + 1) });
  }
  const { title, author, kind } = pack;
  const list = `${JSON.stringify({ title, author, kind, stickers }, undefined, 2)}\n`;
  await write(path, { file: "pack.json", bytes: new TextEncoder().encode(list) });
  return stickers.length;
}

async function write(path: string, { file, bytes }: Written): Promise<void> {
  await writeFile(join(path, file), bytes, { flag: "wx" });
}
