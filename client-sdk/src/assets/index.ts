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
  toBase64Url,
} from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import type { Api } from "../transport/index.ts";
import type { NewAccess } from "./access.ts";
import { createAssetApi } from "./asset-api.ts";
import { type AssetCipher, webCipher } from "./cipher.ts";
import { type OpenAsset, openAsset, tooLarge } from "./download.ts";
import { createPatience } from "./patience.ts";
import type { AssetSource } from "./source.ts";
import { upload, type UploadOptions } from "./upload.ts";
import { accessOf, audienceOf, noMemory, uploadMemory } from "./upload-state.ts";

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
}

/** Contents of small assets in the store, together. */
const contentsBytesMax = 64 * 1024 * 1024;
const copyTriesMax = 240;

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
  const api = createAssetApi(parts.api);
  const context = { env, api, cipher };

  return {
    upload(source, options) {
      const { resumeKey } = options;
      const memory = resumeKey === undefined ? noMemory : uploadMemory(store, resumeKey);
      return upload(context, source, memory, options);
    },
    open: (link, signal) => openAsset(context, checkAssetLink(link), signal),
    async read(given, { bytesMax = LIMITS.assetWholeBytesMax, signal }) {
      const link = checkAssetLink(given);
      const { encryption, size, uri } = link;
      if (size > bytesMax) throw tooLarge(bytesMax);
      const small = encryption === "plain" && size <= LIMITS.assetPlainBytesMax;
      const kept = small
        ? await store.transaction((tx) => tx.assetContents.get(uri, env.now()))
        : undefined;
      const isSame = kept !== undefined && (size === 0 || kept.length === size);
      if (isSame && kept.length <= bytesMax) return kept;
      const opened = openAsset(context, link, signal);
      const content = await opened.read(0, size === 0 ? bytesMax + 1 : size);
      if (content.length > bytesMax) throw tooLarge(bytesMax);
      if (small) {
        const bounds = { at: env.now(), bytesMax: contentsBytesMax };
        await store.transaction((tx) => tx.assetContents.put(uri, content, bounds));
      }
      return content;
    },
    async copy(given, wanted) {
      const link = checkAssetLink(given);
      const secret = wanted.kind === "bearer" ? env.random(32) : undefined;
      const audience = audienceOf(wanted, secret);
      const from = link.access;
      const patience = createPatience(env, undefined, copyTriesMax);
      for (;;) {
        try {
          const { asset, expiresAt } = await api.copy({
            asset: link.uri,
            ...(from.kind === "room" ? { room: from.room } : {}),
            ...(from.kind === "bearer" ? { secret: toBase64Url(from.secret) } : {}),
            audience,
          });
          const expires = Math.floor((expiresAt ?? 0) / 1000);
          return { ...link, uri: asset, expires, access: accessOf(audience, secret) };
        } catch (error) {
          await patience.after(error);
        }
      }
    },
    async delete(uri) {
      await store.transaction((tx) => tx.assetContents.delete(uri));
      await api.delete(uri);
    },
    forget: (uri) => store.transaction((tx) => tx.assetContents.delete(uri)),
    async list(prefix) {
      const found: OwnAsset[] = [];
      for (let after = ""; ; after = found.at(-1)?.name ?? after) {
        const { assets, more } = await api.list({ prefix, after });
        found.push(...assets.map(({ asset, ...rest }) => ({ uri: asset, ...rest })));
        if (!more || assets.length === 0) return found;
      }
    },
    usage: () => api.usage(),
  };
}
