import type { AssetLink, AssetUri, RoomUri } from "@treehouse/protocol";

import type { FileOctets } from "../media/index.ts";

/** For whom something is uploaded: the members of a room, or the user's own clients. */
export type FileAccess =
  | { readonly kind: "room"; readonly room: RoomUri }
  | { readonly kind: "own"; readonly name: string };

export type Transfer = {
  /** A name under which an upload goes on after the process has ended. */
  readonly resumeKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Octets of the file that is under way. What it throws ends the upload. */
  readonly onProgress?:
    | ((progress: { readonly done: number; readonly total: number }) => void)
    | undefined;
};

/** Where files lie; owned here, met by the assets layer. */
export interface FileStore {
  upload(octets: FileOctets, options: Transfer & { access: FileAccess }): Promise<AssetLink>;
  /** Another reference to the same octets, for others. */
  copy(link: AssetLink, access: FileAccess): Promise<AssetLink>;
  delete(uri: AssetUri): Promise<void>;
  /** Drops what this store keeps of it. */
  forget(uri: AssetUri): Promise<void>;
  /** All of a small one, which is then kept. */
  read(link: AssetLink, options: { readonly bytesMax?: number }): Promise<Uint8Array>;
}
