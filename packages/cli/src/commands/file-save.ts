import { lstat, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import type { OpenAsset } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import { openPart, type PartOf } from "./file-part.ts";

export type Saving = Pick<PartOf, "notes" | "asset"> & {
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
  const { notes, asset, onProgress } = saving;
  await using part = await openPart({ notes, asset, path, size: opened.size });
  for await (const piece of opened.stream({ offset: part.done })) {
    await part.append(piece);
    onProgress({ done: part.done, total: opened.size });
  }
  await part.finish();
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
