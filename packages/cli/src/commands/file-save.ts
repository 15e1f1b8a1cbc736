import { createHash } from "node:crypto";
import { lstat, open, rename, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import type { OpenAsset } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";

export type Saving = {
  readonly uri: string;
  /** Fit for one folder, as the SDK gives it. */
  readonly name: string;
  readonly out: string | undefined;
  readonly force: boolean;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
};

/**
 * Writes a file beside its place and moves it there when it is whole; what was cut short goes on where
 * it was. Answers the path. Nothing is written outside of the folder that the user chose (T-30).
 */
export async function saveFile(opened: OpenAsset, saving: Saving): Promise<string> {
  const path = await targetOf(saving);
  // Its own for each asset, so that no other file's beginning is taken for this one's.
  const mark = createHash("sha256").update(saving.uri).digest("hex").slice(0, 12);
  const part = `${path}.${mark}.part`;
  const known = await stat(part).catch(() => undefined);
  let done = known !== undefined && known.isFile() && known.size <= opened.size ? known.size : 0;
  const file = await open(part, done === 0 ? "w" : "a", 0o600);
  try {
    for await (const piece of opened.stream({ offset: done })) {
      await file.write(piece);
      done += piece.length;
      saving.onProgress({ done, total: opened.size });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
  return path;
}

async function targetOf({ name, out, force }: Saving): Promise<string> {
  const isFolder = out === undefined || (await isDirectory(out));
  const path = isFolder ? join(out ?? ".", basename(name)) : out;
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) {
    throw new CliFailure(EXIT.usage, "fileExists", `${path} is there, and no file`, {
      help: "Name a file or a folder with --out: what is saved goes beside its place first.",
    });
  }
  if (there !== undefined && !force) {
    throw new CliFailure(EXIT.usage, "fileExists", `${path} is there already`, {
      help: "Choose another path with --out, or --force to write over a file.",
    });
  }
  return resolve(path);
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
