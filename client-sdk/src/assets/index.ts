/**
 * Files and other large contents: encrypted here, kept by the own server as octets that it cannot
 * read, fetched through the own server whosever they are. Nothing is ever in memory as a whole, and
 * nothing is handed out before it is verified.
 */
import {
  type AssetLink,
  type AssetUri,
  checkAssetLink,
  type Env,
  LIMITS,
} from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import type { Api } from "../transport/index.ts";
import type { NewAccess } from "./access.ts";
import { type AssetApi, createAssetApi } from "./asset-api.ts";
import { type AssetCipher, webCipher } from "./cipher.ts";
import { copyAsset } from "./copy.ts";
import { type OpenAsset, openAsset, tooLarge } from "./download.ts";
import type { AssetSource } from "./source.ts";
import { createTransfers } from "./transfers.ts";
import { upload, type UploadOptions } from "./upload.ts";
import { noMemory, uploadMemory } from "./upload-state.ts";

export type { NewAccess } from "./access.ts";
export type { AssetCipher } from "./cipher.ts";
export type { OpenAsset } from "./download.ts";
export type { AssetSource } from "./source.ts";
export type { AssetProgress, UploadOptions } from "./upload.ts";

export type OwnAsset = {
  readonly uri: AssetUri;
  readonly name: string;
  /** Octets at the server. */
  readonly size: number;
  readonly createdAt: number;
};

export type AssetUsage = {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  readonly assetBytesMax: number;
};

/** What throws here is a `Refusal`, a `NetworkFault` or an `SdkError`. */
export interface Assets {
  upload(source: AssetSource, options: UploadOptions): Promise<AssetLink>;
  open(link: AssetLink, signal?: AbortSignal): OpenAsset;
  read(
    link: AssetLink,
    options: { readonly bytesMax?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array>;
  copy(link: AssetLink, access: NewAccess): Promise<AssetLink>;
  delete(uri: AssetUri): Promise<void>;
  /** Lets go of what this store has of a small asset. */
  forget(uri: AssetUri): Promise<void>;
  list(prefix: string): Promise<readonly OwnAsset[]>;
  usage(): Promise<AssetUsage>;
  /** Ends what is under way, which rejects with `closed`, and resolves when nothing is any more. */
  stop(): Promise<void>;
}

/** Contents of small assets in the store, together. */
const contentsBytesMax = 64 * 1024 * 1024;

export function createAssets({
  cipher = webCipher,
  ...parts
}: {
  readonly env: Pick<Env, "now" | "random" | "timer">;
  readonly api: Api;
  readonly store: LocalStore;
  readonly cipher?: AssetCipher | undefined;
}): Assets {
  const { env, store } = parts;
  const transfers = createTransfers();
  const api = createAssetApi(parts.api.within(transfers.life));
  const context = { env, api, cipher };
  const open = (link: AssetLink, signal: AbortSignal | undefined): OpenAsset => {
    const opened = openAsset(context, checkAssetLink(link), transfers.signal(signal));
    return {
      size: opened.size,
      read: (offset, length) => transfers.run(() => opened.read(offset, length)),
      async *stream(options) {
        const pieces = opened.stream(options)[Symbol.asyncIterator]();
        for (;;) {
          const { done, value } = await transfers.run(async () => pieces.next());
          if (done === true) return;
          yield value;
        }
      },
    };
  };

  return {
    upload: (source, options) =>
      transfers.run(() => {
        const { resumeKey } = options;
        const memory = resumeKey === undefined ? noMemory : uploadMemory(store, resumeKey);
        const signal = transfers.signal(options.signal);
        return upload(context, source, memory, { ...options, signal });
      }),
    open,
    async read(given, { bytesMax = LIMITS.assetWholeBytesMax, signal }) {
      const { encryption, size, uri } = checkAssetLink(given);
      if (size > bytesMax) throw tooLarge(bytesMax);
      const small = encryption === "plain" && size <= LIMITS.assetPlainBytesMax;
      const kept = small
        ? await store.transaction((tx) => tx.assetContents.get(uri, env.now()))
        : undefined;
      const isSame = kept !== undefined && (size === 0 || kept.length === size);
      if (isSame && kept.length <= bytesMax) return kept;
      const content = await open(given, signal).read(0, size === 0 ? bytesMax + 1 : size);
      if (content.length > bytesMax) throw tooLarge(bytesMax);
      if (small) {
        const bounds = { at: env.now(), bytesMax: contentsBytesMax };
        await store.transaction((tx) => tx.assetContents.put(uri, content, bounds));
      }
      return content;
    },
    copy: (link, wanted) =>
      transfers.run(() => copyAsset(context, checkAssetLink(link), wanted, transfers.life)),
    async delete(uri) {
      await store.transaction((tx) => tx.assetContents.delete(uri));
      await transfers.run(() => api.delete(uri));
    },
    forget: (uri) => store.transaction((tx) => tx.assetContents.delete(uri)),
    list: (prefix) => transfers.run(() => listOwn(api, prefix)),
    usage: () => transfers.run(() => api.usage()),
    stop: () => transfers.stop(),
  };
}

async function listOwn(api: AssetApi, prefix: string): Promise<readonly OwnAsset[]> {
  const found: OwnAsset[] = [];
  for (let after = ""; ; after = found.at(-1)?.name ?? after) {
    const { assets, more } = await api.list({ prefix, after });
    found.push(...assets.map(({ asset, ...rest }) => ({ uri: asset, ...rest })));
    if (!more || assets.length === 0) return found;
  }
}
