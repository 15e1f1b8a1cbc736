import type { AssetLink, AssetUri } from "@treehouse/protocol";

import type {
  Assets,
  AssetSource,
  AssetUsage,
  NewAccess,
  OpenAsset,
  OwnAsset,
  UploadOptions,
} from "../../assets/index.ts";
import { AtOnce, type CallsOf, checkedCalls, input } from "../checking/index.ts";
import { guarded } from "../guarded.ts";

/**
 * Files and other large contents. They are encrypted here, and only holders of their link can read
 * them; who gets the encrypted octets from a server is said beside.
 */
export interface ClientAssets {
  /**
   * Encrypts and uploads, in a bounded part of memory however large the source is. Goes on over cut
   * connections and restarts of the server until the signal is aborted. Refuses `limitExceeded`
   * (a quota), `storageFull`, `notMember`, `conflict` (of names), `sourceChanged` and `aborted`.
   */
  upload(source: AssetSource, options: UploadOptions): Promise<AssetLink>;
  /** Fetches nothing yet. Reads refuse `assetGone`, `assetDamaged`, `notMember`, `peerUnreachable`. */
  open(
    link: AssetLink,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<OpenAsset>;
  /**
   * All of an asset of at most `bytesMax` octets, 16 MiB unless it is said; refuses `assetTooLarge`.
   * Small ones stay in the store, sealed, while there is room for them.
   */
  read(
    link: AssetLink,
    options?: { readonly bytesMax?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  /**
   * Gives an asset to others too, without another upload: the link that it answers has the same key
   * and another name. It works for those of other servers, and counts against the user's own quota.
   */
  copy(link: AssetLink, access: NewAccess): Promise<AssetLink>;
  /**
   * Deletes a reference that this user has made: the octets go with the last one, copies at other
   * servers too. Does nothing if there is none, or it is somebody else's: nobody is told which.
   */
  delete(link: { readonly uri: AssetUri }): Promise<void>;
  /** Lets go of what this store keeps of an asset, such as when its message was taken back. */
  forget(link: { readonly uri: AssetUri }): Promise<void>;
  /** Assets of the user's own, whose names begin so, by name. */
  list(options?: { readonly prefix?: string | undefined }): Promise<readonly OwnAsset[]>;
  usage(): Promise<AssetUsage>;
}

export function createClientAssets(assets: Assets): ClientAssets {
  return {
    upload: (source, options) => guarded(() => assets.upload(source, options)),
    open: (link, { signal } = {}) =>
      guarded(async () => {
        const opened = assets.open(link, signal);
        return checkedCalls(
          {
            size: opened.size,
            read: (offset, length) => guarded(() => opened.read(offset, length)),
            stream: (options) => guardedStream(opened, options),
          },
          openedCalls,
        );
      }),
    read: (link, options = {}) => guarded(() => assets.read(link, options)),
    copy: (link, access) => guarded(() => assets.copy(link, access)),
    delete: ({ uri }) => guarded(() => assets.delete(uri)),
    forget: ({ uri }) => guarded(() => assets.forget(uri)),
    list: ({ prefix = "" } = {}) => guarded(() => assets.list(prefix)),
    usage: () => guarded(() => assets.usage()),
  };
}

const openedCalls: CallsOf<Omit<OpenAsset, "size">> = {
  read: { offset: input.count, length: input.count },
  stream: new AtOnce({ options: input.options({ offset: input.count }) }),
};

async function* guardedStream(
  opened: OpenAsset,
  options: Parameters<OpenAsset["stream"]>[0],
): AsyncGenerator<Uint8Array> {
  const pieces = opened.stream(options)[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await guarded(async () => pieces.next());
    if (done === true) return;
    yield value;
  }
}
