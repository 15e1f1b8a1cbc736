import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { syncDirectory } from "../platform/index.ts";
import { damaged } from "./chunks.ts";
import { databaseName, manifestSchema, secretsPrefix } from "./manifest.ts";
import type { Manifest, ManifestFile } from "./manifest.ts";
import { paddedLength } from "./padding.ts";
import { BackupRefused } from "./refused.ts";
import type { SealedReader } from "./sealed-reader.ts";
import type { SealedWriter } from "./sealed-writer.ts";

/**
 * The content of a backup: length of the manifest u32 ‖ manifest, JSON ‖ the files, one behind the
 * other ‖ zeros up to the padded length. Nothing is compressed: lengths would tell of what is in it.
 */
export async function writeArchive(
  writer: SealedWriter,
  manifest: Manifest,
  pathOf: (name: string) => string,
): Promise<void> {
  const text = Buffer.from(JSON.stringify(manifest), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  await writer.write(length);
  await writer.write(text);
  for (const { name, bytes } of manifest.files) {
    let written = 0;
    for await (const part of createReadStream(pathOf(name))) {
      if (!(part instanceof Uint8Array)) throw new TypeError("a file was read as text");
      written += part.length;
      await writer.write(part);
    }
    if (written !== bytes) throw new Error(`${name} changed while it was sealed`);
  }
  const whole = contentLength(text.length, manifest);
  const zeros = new Uint8Array(zerosAtOnce);
  for (let left = paddedLength(whole) - whole; left > 0; left -= zerosAtOnce) {
    await writer.write(zeros.subarray(0, Math.min(left, zerosAtOnce)));
  }
  await writer.finish();
}

const zerosAtOnce = 64 * 1024;
const manifestBytesMax = 1024 * 1024;

function contentLength(manifestBytes: number, { files }: Manifest): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 4 + manifestBytes);
}

/**
 * Opens a backup from end to end and writes its files into a folder, durable when it resolves.
 * `judge` sees the manifest before anything is written, and throws if there is no use in it.
 */
export async function unpackArchive(
  reader: SealedReader,
  folder: string,
  judge: (manifest: Manifest) => void,
): Promise<Manifest> {
  const prefix = await reader.readExactly(4);
  const manifestBytes = new DataView(prefix.buffer).getUint32(0);
  if (manifestBytes > manifestBytesMax) throw damaged();
  const manifest = parseManifest(await reader.readExactly(manifestBytes));
  judge(manifest);
  const whole = contentLength(manifestBytes, manifest);
  if (paddedLength(whole) !== reader.length) throw damaged();
  await checkRoom(folder, whole);
  await mkdir(join(folder, secretsPrefix), { recursive: true, mode: 0o700 });
  for (const file of manifest.files) await unpackFile(reader, folder, file);
  for (let left = reader.length - whole; left > 0;) {
    const padding = await reader.read(left);
    if (padding.some((octet) => octet !== 0)) throw damaged();
    left -= padding.length;
  }
  syncDirectory(join(folder, secretsPrefix));
  syncDirectory(folder);
  return manifest;
}

/** Where a file of a backup lies in a data directory. */
export function pathIn(folder: string, name: string): string {
  return join(folder, name === databaseName ? databaseFile : name);
}

export const databaseFile = "treehouse.sqlite";

function parseManifest(bytes: Uint8Array): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (cause) {
    // It is authentic, so that it was written by another release.
    throw new BackupRefused(
      "What this backup says of itself is not understood. Use the release that made it, or a later one.",
      { cause },
    );
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > bytes + spareBytes) return;
  throw new BackupRefused(
    `There is no room to unpack ${Math.ceil(bytes / 1024 / 1024)} MiB in ${folder}. ` +
      "Make room, or name another folder with --temp.",
  );
}

const spareBytes = 16 * 1024 * 1024;

async function unpackFile(
  reader: SealedReader,
  folder: string,
  { name, bytes, sha256 }: ManifestFile,
): Promise<void> {
  const file = await open(pathIn(folder, name), "wx", 0o600);
  try {
    const hash = createHash("sha256");
    for (let left = bytes; left > 0;) {
      const part = await reader.read(left);
      hash.update(part);
      await writeAll(file, part);
      left -= part.length;
    }
    if (hash.digest("hex") !== sha256) throw damaged();
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, from);
    from += bytesWritten;
  }
}

/** The row of a file that lies there ready to be sealed. */
export async function describeFile(name: string, path: string): Promise<ManifestFile> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) {
    if (!(part instanceof Uint8Array)) throw new TypeError("a file was read as text");
    hash.update(part);
  }
  const { size } = await stat(path);
  return { name, bytes: size, sha256: hash.digest("hex") };
}
