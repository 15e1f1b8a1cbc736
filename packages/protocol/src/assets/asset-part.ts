import { DISPOSITIONS } from "../content/index.ts";
import type { ExternalPart } from "../content/index.ts";
import { parseAssetUri } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { checkAssetLink, ENC_ALG_CHUNKED, ENC_ALG_PLAIN } from "./asset-link.ts";
import type { AssetEncryption, AssetLink } from "./asset-link.ts";

const HASH_ALG_SHA256 = 1;

/** FED-1000: an asset in a message. It must be one that the members of the message's room may have. */
export function assetPart(
  link: AssetLink,
  about: {
    readonly contentType: string;
    readonly filename?: string | undefined;
    readonly description?: string | undefined;
    /** `DISPOSITIONS.attachment` unless it is given. */
    readonly disposition?: number | undefined;
    readonly language?: string | undefined;
  },
): ExternalPart {
  const { encryption, expires, hash, key, nonce, size, uri } = checkAssetLink(link);
  return {
    kind: "external",
    disposition: about.disposition ?? DISPOSITIONS.attachment,
    language: about.language ?? "",
    contentType: about.contentType,
    url: uri,
    expires,
    size,
    encAlg: encryption === "plain" ? ENC_ALG_PLAIN : ENC_ALG_CHUNKED,
    key,
    nonce,
    aad: new Uint8Array(0),
    hashAlg: HASH_ALG_SHA256,
    contentHash: hash,
    description: about.description ?? "",
    filename: about.filename ?? "",
  };
}

/** The asset that a part of a message in a room stands for; `undefined` if it is none of ours. */
export function assetLinkOf(part: ExternalPart, room: RoomUri): AssetLink | undefined {
  const encryption = encryptionOf(part.encAlg);
  if (encryption === undefined || part.aad.length > 0) return undefined;
  if (part.hashAlg !== HASH_ALG_SHA256) return undefined;
  try {
    return checkAssetLink({
      uri: parseAssetUri(part.url),
      size: part.size,
      encryption,
      key: part.key,
      nonce: part.nonce,
      hash: part.contentHash,
      expires: part.expires,
      access: { kind: "room", room },
    });
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function encryptionOf(encAlg: number): AssetEncryption | undefined {
  if (encAlg === ENC_ALG_PLAIN) return "plain";
  return encAlg === ENC_ALG_CHUNKED ? "chunked" : undefined;
}
