import { createHash, type Hash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

/**
 * The beginning of a file that comes, beside its place. Its name is random and what was verified of it
 * is noted in the context's own folder, so that nobody else's file, nor one that was changed since,
 * counts as this beginning (T-30).
 */
export interface Part extends AsyncDisposable {
  /** Octets that are there and were verified. */
  readonly done: number;
  append(piece: Uint8Array): Promise<void>;
  /** Moves what is whole to its place. */
  finish(): Promise<void>;
}

export type PartOf = {
  /** Where the context keeps its notes. */
  readonly notes: string;
  /** Says which asset it is, and no other. */
  readonly asset: string;
  /** Where the file is to be. */
  readonly path: string;
  readonly size: number;
};

const noteSchema = z.strictObject({
  mark: z.string().regex(/^[0-9a-f]{16}$/),
  length: z.int().positive(),
  sha256: z.string(),
});

type Note = z.infer<typeof noteSchema>;

/** What is lost at most when the process is killed. */
const bytesBetweenNotes = 16 * 1024 * 1024;

/** Opens what there is of it, verified, or a new one. */
export async function openPart({ notes, asset, path, size }: PartOf): Promise<Part> {
  const key = createHash("sha256")
    .update(JSON.stringify([asset, path]))
    .digest("hex");
  const note = join(notes, key);
  const known = await noteAt(note);
  const begun = known === undefined ? undefined : await begunAs(path, known, size);
  if (known !== undefined && begun === undefined) {
    await rm(nameOf(path, known.mark), { force: true });
  }
  const { file, hash, mark, length } = begun ?? (await newAt(path));
  let [done, noted, finished] = [length, length, false];

  async function remember(): Promise<void> {
    await file.datasync();
    const value: Note = { mark, length: done, sha256: hash.copy().digest("hex") };
    await mkdir(notes, { recursive: true, mode: 0o700 });
    await writeFile(`${note}.${mark}`, JSON.stringify(value), { mode: 0o600 });
    await rename(`${note}.${mark}`, note);
    noted = done;
  }

  return {
    get done() {
      return done;
    },
    async append(piece) {
      await writeAt(file, piece, done);
      hash.update(piece);
      done += piece.length;
      if (done - noted >= bytesBetweenNotes) await remember();
    },
    async finish() {
      await file.sync();
      await rename(nameOf(path, mark), path);
      finished = true;
      await rm(note, { force: true });
    },
    async [Symbol.asyncDispose]() {
      if (!finished && done > noted) await remember().catch(() => undefined);
      await file.close();
      // What no note tells of nobody would find again.
      if (!finished && noted === 0) await rm(nameOf(path, mark), { force: true });
    },
  };
}

const nameOf = (path: string, mark: string) => `${path}.${mark}.part`;

type Begun = {
  readonly file: FileHandle;
  /** Of the octets up to `length`. */
  readonly hash: Hash;
  readonly mark: string;
  readonly length: number;
};

async function newAt(path: string): Promise<Begun> {
  const mark = randomBytes(8).toString("hex");
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(nameOf(path, mark), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  return { file, hash: createHash("sha256"), mark, length: 0 };
}

/** The file of a note, if it begins with what the note says; what stands behind that is cut off. */
async function begunAs(
  path: string,
  { mark, length, sha256 }: Note,
  size: number,
): Promise<Begun | undefined> {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW;
  const file = await open(nameOf(path, mark), flags).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const there = await file.stat();
    // A file with a second name may be somebody's whom writing to it would surprise.
    if (there.isFile() && there.nlink === 1 && length <= Math.min(there.size, size)) {
      const hash = await hashOf(file, length);
      if (hash.copy().digest("hex") === sha256) {
        await file.truncate(length);
        return { file, hash, mark, length };
      }
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

async function hashOf(file: FileHandle, length: number): Promise<Hash> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1024 * 1024);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash;
}

async function writeAt(file: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < piece.length;) {
    const { bytesWritten } = await file.write(piece, at, piece.length - at, position + at);
    at += bytesWritten;
  }
}

/** What cannot be read is no note: the file comes anew. */
async function noteAt(path: string): Promise<Note | undefined> {
  try {
    return noteSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
