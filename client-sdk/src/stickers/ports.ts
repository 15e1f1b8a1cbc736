import type { AssetAccess, AssetLink, Bytes } from "@treehouse/protocol";

/** Where packs and larger stickers are kept; owned here, met by the assets. */
export interface StickerAssets {
  upload(
    content: Bytes,
    options: {
      readonly access:
        | { readonly kind: "bearer" }
        | Extract<AssetAccess, { readonly kind: "room" }>;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<AssetLink>;
  read(
    link: AssetLink,
    options: { readonly bytesMax: number; readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  /** Another reference to the same, of this user's own. */
  copy(link: AssetLink, access: { readonly kind: "bearer" }): Promise<AssetLink>;
  delete(uri: AssetLink["uri"]): Promise<void>;
}
