import type { FileHandle } from "node:fs/promises";
import { chunkBytes, sealChunk } from "./chunks.ts";
import { contentKey, encodeHeader } from "./header.ts";
import { derivationFor, stretch } from "./secret.ts";
import type { BackupSecret } from "./secret.ts";

/** Seals a content of any length into a file, in constant memory. */
export interface SealedWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Seals what is left, and resolves when all is on disk. There must have been something. */
  finish(): Promise<void>;
}

/** Sealed chunks that are written at once. */
const gatheredMax = 16;

export async function createSealedWriter(
  file: FileHandle,
  secret: BackupSecret,
  random: (length: number) => Uint8Array,
): Promise<SealedWriter> {
  const derivation = derivationFor(secret);
  const salt = random(32);
  const stretched = await stretch(secret, derivation, salt);
  const header = encodeHeader({ derivation, salt }, stretched);
  const key = contentKey(header, stretched);
  const pending = Buffer.alloc(chunkBytes);
  let pendingLength = 0;
  let number = 0;
  let gathered: Buffer[] = [header];

  async function flush(): Promise<void> {
    const bytes = Buffer.concat(gathered);
    gathered = [];
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, from);
      from += bytesWritten;
    }
  }

  async function seal(last: boolean): Promise<void> {
    gathered.push(sealChunk(key, number, last, pending.subarray(0, pendingLength)));
    number += 1;
    pendingLength = 0;
    if (last || gathered.length >= gatheredMax) await flush();
  }

  return {
    async write(bytes) {
      for (let from = 0; from < bytes.length;) {
        // Only what follows shows that a full chunk is not the last one.
        if (pendingLength === chunkBytes) await seal(false);
        const part = bytes.subarray(from, from + chunkBytes - pendingLength);
        pending.set(part, pendingLength);
        pendingLength += part.length;
        from += part.length;
      }
    },
    async finish() {
      await seal(true);
      await file.sync();
    },
  };
}
