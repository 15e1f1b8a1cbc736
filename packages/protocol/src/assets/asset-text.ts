import { fromBase64Url, toBase64Url } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { malformed } from "../codec/index.ts";
import { decodeCbor, encodeCbor } from "../content/index.ts";
import type { CborValue } from "../content/index.ts";
import { parseAssetUri, parseRoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import { checkAssetLink } from "./asset-link.ts";
import type { AssetAccess, AssetLink } from "./asset-link.ts";

const FORM = 1;
const encryptions = ["plain", "chunked"] as const;

/** FED-1003: the whole link as a CBOR array, for documents of ours. It holds keys. */
export function assetLinkToCbor(link: AssetLink): CborValue {
  const { access, encryption, expires, hash, key, nonce, size, uri } = checkAssetLink(link);
  const encrypted = encryptions.indexOf(encryption);
  return [FORM, uri, size, encrypted, key, nonce, hash, expires, accessToCbor(access)];
}

/** "malformed" unless it is one. */
export function assetLinkFromCbor(value: CborValue): AssetLink {
  const [form, uri, size, encrypted, key, nonce, hash, expires, access, more] = listOf(value);
  if (form !== FORM || more !== undefined) throw malformed("not an asset's link");
  const encryption = encryptions[numberOf(encrypted)];
  if (encryption === undefined) throw malformed("not an asset's encryption");
  return checkAssetLink({
    uri: parseAssetUri(textOf(uri)),
    size: numberOf(size),
    encryption,
    key: bytesOf(key),
    nonce: bytesOf(nonce),
    hash: bytesOf(hash),
    expires: numberOf(expires),
    access: accessFromCbor(access),
  });
}

/** The same as text, which is as secret as the asset: in a URL it belongs behind the `#`. */
export function formatAssetLink(link: AssetLink): string {
  return toBase64Url(encodeCbor(assetLinkToCbor(link)));
}

/** "malformed" unless it is one. */
export function parseAssetLink(text: string): AssetLink {
  if (text.length > 4 * LIMITS.uriBytesMax) throw malformed("not an asset's link");
  let octets: Bytes;
  try {
    octets = fromBase64Url(text);
  } catch (cause) {
    throw new Refusal("malformed", "not an asset's link", {}, { cause });
  }
  return assetLinkFromCbor(decodeCbor(octets, 2));
}

function accessToCbor(access: AssetAccess): CborValue {
  switch (access.kind) {
    case "room":
      return [0, access.room];
    case "bearer":
      return [1, access.secret];
    case "own":
      return [2];
    default:
      return access satisfies never;
  }
}

function accessFromCbor(value: CborValue | undefined): AssetAccess {
  const [kind, what, more] = listOf(value);
  if (more === undefined) {
    if (kind === 0) return { kind: "room", room: parseRoomUri(textOf(what)) };
    if (kind === 1) return { kind: "bearer", secret: bytesOf(what) };
    if (kind === 2 && what === undefined) return { kind: "own" };
  }
  throw malformed("not an asset's access");
}

function listOf(value: CborValue | undefined): readonly (CborValue | undefined)[] {
  if (!Array.isArray(value)) throw malformed("not an array");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- arrays of CBOR hold CBOR.
  return value as readonly CborValue[];
}

function numberOf(value: CborValue | undefined): number {
  if (typeof value !== "number") throw malformed("not a number");
  return value;
}

function textOf(value: CborValue | undefined): string {
  if (typeof value !== "string") throw malformed("not a text");
  return value;
}

function bytesOf(value: CborValue | undefined): Bytes {
  if (!(value instanceof Uint8Array)) throw malformed("not a byte string");
  return value;
}
