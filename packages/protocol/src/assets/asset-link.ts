import type { Bytes } from "../bytes/index.ts";
import type { AssetUri, RoomUri } from "../identifiers/index.ts";
import { malformed } from "../codec/index.ts";

/**
 * `plain`: one AES-128-GCM over the padded content, as mimi-content-08 has it. `chunked`: the
 * seekable encryption of FED-1002.
 */
export type AssetEncryption = "plain" | "chunked";

/** Who gets the octets from a server. What they mean is for holders of the key alone. */
export type AssetAccess =
  /** Users in a room, each through their own server. */
  | { readonly kind: "room"; readonly room: RoomUri }
  /** Whoever has this secret of 32 octets beside the asset's name. */
  | { readonly kind: "bearer"; readonly secret: Bytes }
  /** The clients of the user who has uploaded it. */
  | { readonly kind: "own" };

/** All that it takes to fetch an asset and to read it. */
export type AssetLink = {
  readonly uri: AssetUri;
  /** Octets of the content, without padding. */
  readonly size: number;
  readonly encryption: AssetEncryption;
  /** 16 octets. */
  readonly key: Bytes;
  /** 12 octets of a plain one, 7 of a chunked one. */
  readonly nonce: Bytes;
  /** SHA-256 of the octets at the server. */
  readonly hash: Bytes;
  /** Unix seconds; 0 = never. */
  readonly expires: number;
  readonly access: AssetAccess;
};

/** FED-1001: the AEAD number of AES-128-GCM. */
export const ENC_ALG_PLAIN = 1;
/** FED-1002: of the numbers for private use, our chunks. */
export const ENC_ALG_CHUNKED = 0xf001;

const KEY_LENGTH = 16;
const HASH_LENGTH = 32;
const SECRET_LENGTH = 32;
const NONCE_LENGTHS: Readonly<Record<AssetEncryption, number>> = { plain: 12, chunked: 7 };
const EXPIRES_MAX = 0xffff_ffff;

/** "malformed" unless every field has its length. */
export function checkAssetLink(link: AssetLink): AssetLink {
  const { access, encryption, expires, hash, key, nonce, size } = link;
  if (key.length !== KEY_LENGTH) throw malformed("not an asset's key");
  if (nonce.length !== NONCE_LENGTHS[encryption]) throw malformed("not an asset's nonce");
  if (hash.length !== HASH_LENGTH) throw malformed("not an asset's hash");
  if (!Number.isSafeInteger(size) || size < 0) throw malformed("not an asset's size");
  if (!Number.isSafeInteger(expires) || expires < 0 || expires > EXPIRES_MAX) {
    throw malformed("not an asset's expiry");
  }
  if (access.kind === "bearer" && access.secret.length !== SECRET_LENGTH) {
    throw malformed("not an asset's secret");
  }
  return link;
}
