import {
  type Bytes,
  type DecodedPack,
  decodePack,
  joinPack,
  type PackLink,
  type PackManifest,
  readManifest,
  Refusal,
  sha256,
  STICKER_LIMITS,
  toHex,
} from "@treehouse/protocol";

import type { LocalStore, LocalTx } from "../storage/index.ts";
import { checkFile } from "./check-file.ts";
import type { StickerAssets } from "./ports.ts";

/** The name of a pack, by its octets. */
export function packIdOf(encoded: Uint8Array): string {
  return toHex(sha256(encoded)).slice(0, 32);
}

export function keptManifest(tx: LocalTx, id: string): PackManifest | undefined {
  const encoded = tx.stickerPacks.manifest(id);
  return encoded && readManifest(encoded);
}

export function keepPack(
  tx: LocalTx,
  id: string,
  { encodedManifest, files }: Pick<DecodedPack, "encodedManifest" | "files">,
): void {
  tx.stickerPacks.put(id, { manifest: encodedManifest, files });
}

/** A pack of this store's as it was before, octet for octet; undefined: it is not here. */
export function keptPack(tx: LocalTx, id: string): Bytes | undefined {
  const encodedManifest = tx.stickerPacks.manifest(id);
  if (encodedManifest === undefined) return undefined;
  const files = readManifest(encodedManifest).items.flatMap(
    (_, index) => tx.stickerPacks.file(id, index) ?? [],
  );
  return joinPack({ encodedManifest, files });
}

/**
 * Fetches a pack and reads every file in it, before anything of it is handed to anybody. Refuses a
 * pack in which one file is hostile as a whole.
 */
export async function fetchPack(
  parts: {
    readonly assets: Pick<StickerAssets, "read">;
    readonly pause: () => Promise<void>;
  },
  link: PackLink,
): Promise<{ readonly id: string; readonly pack: DecodedPack }> {
  const { packBytesMax: bytesMax } = STICKER_LIMITS;
  const encoded: Bytes = new Uint8Array(await parts.assets.read(link, { bytesMax }));
  const pack = decodePack(encoded);
  for (const [index, item] of pack.manifest.items.entries()) {
    await parts.pause();
    const file = pack.files[index];
    if (file === undefined) throw new RangeError("a pack has a file for each item");
    try {
      checkFile(file, item);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, data }: Refusal = error;
      throw new Refusal(code, `sticker ${index + 1} of the pack: ${message}`, data);
    }
  }
  return { id: packIdOf(encoded), pack };
}

/** A pack of the user's, from this store or from where it is. */
export async function packHere(
  parts: {
    readonly store: LocalStore;
    readonly assets: Pick<StickerAssets, "read">;
    readonly pause: () => Promise<void>;
  },
  own: { readonly id: string; readonly link: PackLink },
): Promise<PackManifest> {
  const { store } = parts;
  const kept = await store.transaction((tx) => keptManifest(tx, own.id));
  if (kept !== undefined) return kept;
  const { id, pack } = await fetchPack(parts, own.link);
  if (id !== own.id) throw new Refusal("malformed", "there is another pack where yours was");
  await store.transaction((tx) => keepPack(tx, id, pack));
  return pack.manifest;
}
