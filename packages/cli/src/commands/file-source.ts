import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";

import type { FileNote } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { sizeText } from "./file-text.ts";

export type PutOptions = {
  readonly name?: string | undefined;
  readonly caption?: string | undefined;
  readonly alt?: string | undefined;
  readonly as?: string | undefined;
  readonly stripMetadata?: boolean | undefined;
};

/** A file of this machine, as it is to be sent. */
export async function fileAt(path: string, options: PutOptions) {
  const { as, name, alt, stripMetadata } = options;
  if (as !== undefined && as !== "voice" && as !== "file") {
    throw new CliFailure(EXIT.usage, "malformed", `"${as}" is neither voice nor file`);
  }
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new CliFailure(EXIT.notFound, "notFound", `there is no file ${path}`);
  }
  if (!found.isFile()) {
    const what = found.isDirectory() ? "a folder" : "no file";
    throw new CliFailure(EXIT.usage, "noFile", `${path} is ${what}: only files are sent`);
  }
  return {
    file: await openAsBlob(path),
    name: name ?? basename(path),
    alt,
    stripMetadata,
    ...(as === undefined ? {} : { voice: as === "voice", inline: as === "voice" }),
  };
}

/** The same for the same file on its way to the same place: an upload that was cut goes on. */
export async function resumeKeyOf(path: string, to: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const place = [resolve(path), size, mtimeMs, to].join("\n");
  return createHash("sha256").update(place).digest("base64url");
}

/** A line for each tenth of a file that takes long. */
export function progressOf(cli: Cli, path: string) {
  let told = 0;
  return ({ done, total }: { readonly done: number; readonly total: number }) => {
    const tenth = Math.floor((done * 10) / Math.max(total, 1));
    if (total < 32_000_000 || tenth <= told) return;
    told = tenth;
    cli.output().note(`${basename(path)}: ${tenth * 10} % of ${sizeText(total)}`);
  };
}

/** What a sender may want to know of what went out all the same. */
export function tellNotes(cli: Cli, notes: readonly FileNote[]): void {
  for (const note of notes) {
    const text =
      note.note === "tellsPlace"
        ? "says where it was taken; --strip-metadata sends it without"
        : `goes without a thumbnail (${note.reason})`;
    cli.output().note(`! ${note.file} ${text}`);
  }
}
