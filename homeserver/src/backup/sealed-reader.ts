import type { FileHandle } from "node:fs/promises";
import { chunkBytes, damaged, openChunk, sealedChunkBytes, openedLength } from "./chunks.ts";
import { contentKey, decodeHeader, headerBytes, isSealedUnder } from "./header.ts";
import { BackupRefused } from "./refused.ts";
import { stretch } from "./secret.ts";
import type { BackupSecret } from "./secret.ts";

/** Opens a sealed content from its beginning to its end, in constant memory. */
export interface SealedReader {
  /** Octets of the whole content. */
  readonly length: number;
  /** At least one and at most `max` of the octets that follow. Refuses what is damaged. */
  read(max: number): Promise<Uint8Array>;
  /** Exactly so many octets. */
  readExactly(length: number): Promise<Uint8Array>;
}

/** Refuses what is no backup, another secret than the one it was sealed with, and what is damaged. */
export async function openSealedReader(
  file: FileHandle,
  secret: BackupSecret,
): Promise<SealedReader> {
  const { size } = await file.stat();
  const header = await readAt(file, 0, Math.min(headerBytes, size));
  const { derivation, salt } = decodeHeader(header);
  const stretched = await stretch(secret, derivation, salt);
  if (!isSealedUnder(header, stretched)) {
    throw new BackupRefused(
      secret.kind === "keyFile"
        ? "This key does not open the backup. Use the key file that it was made with."
        : "This passphrase does not open the backup. Type it as it was when the backup was made.",
      { code: "keyWrong" },
    );
  }
  const key = contentKey(header, stretched);
  const sealed = size - headerBytes;
  const chunks = Math.ceil(sealed / sealedChunkBytes);
  const length = openedLength(sealed);
  // So that whoever reads all of it has opened the last chunk, which tells where the end is.
  if (length < 1 || length <= (chunks - 1) * chunkBytes) throw damaged();
  let number = 0;
  let current: Uint8Array = new Uint8Array(0);

  async function next(): Promise<Uint8Array> {
    if (number >= chunks) throw damaged();
    const from = number * sealedChunkBytes;
    const bytes = await readAt(file, headerBytes + from, Math.min(sealedChunkBytes, sealed - from));
    const opened = openChunk(key, number, number === chunks - 1, bytes);
    number += 1;
    return opened;
  }

  async function read(max: number): Promise<Uint8Array> {
    if (current.length === 0) current = await next();
    const part = current.subarray(0, max);
    current = current.subarray(part.length);
    return part;
  }

  return {
    length,
    read,
    async readExactly(wanted) {
      const bytes = new Uint8Array(wanted);
      for (let at = 0; at < wanted;) {
        const part = await read(wanted - at);
        bytes.set(part, at);
        at += part.length;
      }
      return bytes;
    },
  };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw damaged();
    at += bytesRead;
  }
  return bytes;
}
