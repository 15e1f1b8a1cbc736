import {
  type AssetAccess,
  type AssetAudience,
  assetAudienceSchema,
  type Bytes,
  fromBase64Url,
  sha256,
  toBase64Url,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import type { LocalStore } from "../storage/index.ts";
import type { NewAccess } from "./access.ts";
import { type AssetKey, newAssetKey } from "./encrypt.ts";

/**
 * What an upload must remember of itself. A part's digest is here before the part leaves: another
 * content under the same key and nonce would give both away, so that what is sent again must be what
 * was sent before.
 */
export type UploadState = {
  readonly asset: AssetKey;
  /** The server's name for it. */
  readonly upload: string;
  readonly audience: AssetAudience;
  readonly access: AssetAccess;
  /** For each part that may have left, SHA-256 of all up to its end, in base64url. */
  readonly digests: string[];
};

/** Uploads by the names that the program has given them; those without one are kept nowhere. */
export interface UploadMemory {
  load(wanted: {
    readonly size: number;
    readonly access: NewAccess;
  }): Promise<UploadState | undefined>;
  save(state: UploadState): Promise<void>;
  forget(): Promise<void>;
}

export const noMemory: UploadMemory = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.resolve(),
  forget: () => Promise.resolve(),
};

const octets = z.string().transform((text) => fromBase64Url(text));
const stateSchema = z.object({
  version: z.literal(1),
  upload: z.string(),
  size: z.int().nonnegative(),
  key: octets,
  nonce: octets,
  audience: assetAudienceSchema,
  secret: octets.optional(),
  digests: z.array(z.string()),
});

export function uploadMemory(store: LocalStore, resumeKey: string): UploadMemory {
  return {
    async load({ access, size }) {
      const row = await store.transaction((tx) => tx.uploads.get(resumeKey));
      if (row === undefined) return undefined;
      const kept = stateSchema.parse(JSON.parse(utf8Decode(row)));
      if (kept.size !== size || !isFor(kept.audience, access)) return undefined;
      const { audience, digests, key, nonce, secret, upload } = kept;
      const encryption = nonce.length === 7 ? "chunked" : "plain";
      const asset = { encryption, size, key, nonce } as const;
      return { asset, upload, audience, access: accessOf(audience, secret), digests };
    },
    save({ access, asset, ...state }) {
      const kept = {
        ...state,
        version: 1,
        size: asset.size,
        key: toBase64Url(asset.key),
        nonce: toBase64Url(asset.nonce),
        ...(access.kind === "bearer" ? { secret: toBase64Url(access.secret) } : {}),
      };
      const row = utf8Encode(JSON.stringify(kept));
      return store.transaction((tx) => tx.uploads.put(resumeKey, row));
    },
    forget: () => store.transaction((tx) => tx.uploads.delete(resumeKey)),
  };
}

/** What a new upload is, but for the server's name for it. */
export function newUpload(
  size: number,
  access: NewAccess,
  random: (length: number) => Bytes,
): Omit<UploadState, "upload"> {
  const secret = access.kind === "bearer" ? random(32) : undefined;
  const audience = audienceOf(access, secret);
  const asset = newAssetKey(size, random);
  return { asset, audience, access: accessOf(audience, secret), digests: [] };
}

export function audienceOf(access: NewAccess, secret: Bytes | undefined): AssetAudience {
  if (access.kind !== "bearer") return access;
  if (secret === undefined) throw new TypeError("an asset for bearers has a secret");
  return { kind: "bearer", secretHash: toBase64Url(sha256(secret)) };
}

export function accessOf(audience: AssetAudience, secret: Bytes | undefined): AssetAccess {
  if (audience.kind === "room") return { kind: "room", room: audience.room };
  if (audience.kind === "own") return { kind: "own" };
  if (secret === undefined) throw new TypeError("an asset for bearers has a secret");
  return { kind: "bearer", secret };
}

function isFor(audience: AssetAudience, access: NewAccess): boolean {
  switch (audience.kind) {
    case "room":
      return access.kind === "room" && access.room === audience.room;
    case "bearer":
      return access.kind === "bearer";
    case "own":
      return (
        access.kind === "own" &&
        access.name === audience.name &&
        access.replaces === audience.replaces
      );
    default:
      return audience satisfies never;
  }
}
