import type { AssetLink } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";

import type { Assets, OpenAsset } from "../../assets/index.ts";
import type { FileStore, Library } from "../../files/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import { type ClientAssets, createClientAssets } from "./assets.ts";
import { guarded } from "../guarded.ts";

/** What has a link: a file of a message, of a conversation's list, or of the library. */
export type OpenableFile =
  | { readonly link: AssetLink | undefined }
  | { readonly file: { readonly link: AssetLink | undefined } };

/** Files of messages, and the user's own. Names and folders are sealed; no server reads any. */
export interface ClientFiles extends Library {
  /**
   * Fetches nothing yet; `read` and `stream` verify before they hand anything out, and seek as players
   * do. Refuses `notFound` for what lies elsewhere than at a server of ours.
   */
  open(file: OpenableFile, options?: { readonly signal?: AbortSignal }): Promise<OpenAsset>;
  /** All of a small file, by default of at most 16 MiB. Once read, it is there without a server. */
  read(
    file: OpenableFile,
    options?: { readonly bytesMax?: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
}

export function createClientFiles(library: Library, assets: Assets): ClientFiles {
  const face: ClientAssets = createClientAssets(assets);
  return {
    list: (filter) => guarded(() => library.list(filter)),
    folders: () => guarded(() => library.folders()),
    get: (id) => guarded(() => library.get(id)),
    add: (wish) => guarded(() => library.add(wish)),
    keep: (message, keeping) => guarded(() => library.keep(message, keeping)),
    rename: (id, name) => guarded(() => library.rename(id, name)),
    move: (id, folder) => guarded(() => library.move(id, folder)),
    moveFolder: (from, to) => guarded(() => library.moveFolder(from, to)),
    tag: (id, tags) => guarded(() => library.tag(id, tags)),
    versions: (id) => guarded(() => library.versions(id)),
    restore: (id) => guarded(() => library.restore(id)),
    remove: (id) => guarded(() => library.remove(id)),
    open: (file, options) => guarded(async () => face.open(linkOf(file), options)),
    read: (file, options) => guarded(async () => face.read(linkOf(file), options)),
  };
}

function linkOf(openable: OpenableFile): AssetLink {
  const link = "file" in openable ? openable.file.link : openable.link;
  if (link !== undefined) return link;
  throw new Refusal("notFound", "this file lies elsewhere than at a server of ours");
}

/** Where files lie, as what becomes of them sees it. */
export function fileStoreOf(assets: Assets, store: LocalStore): FileStore {
  return {
    upload: (octets, options) => assets.upload(octets, options),
    copy: (link, access) => assets.copy(link, access),
    delete: (uri) => assets.delete(uri),
    forget: (uri) => store.transaction((tx) => tx.assetContents.delete(uri)),
    read: (link, options) => assets.read(link, options),
  };
}
