import { createCipheriv } from "node:crypto";
import {
  assetChunkAad,
  assetChunkNonce,
  assetChunkRange,
  assetLinkToCbor,
  type AssetLink,
  chunkCount,
  encodeCbor,
  formatAssetLink,
  paddedLength,
  parseAssetUri,
  sha256,
  storedLength,
  toHex,
} from "@treehouse/protocol";
import { octets, room } from "./sample-values.ts";

export const asset = parseAssetUri(`mimi://example.org/a/${"A".repeat(43)}`);

const tagLength = 16;

/** FED-1004: lengths before and after padding. */
const paddings = [0, 1, 512, 513, 1000, 4096, 4097, 1_048_576, 1_048_577, 5_000_000_000].map(
  (size) => ({ size, padded: paddedLength(size), chunks: chunkCount(size) }),
);

const links: readonly AssetLink[] = [
  linkOf({ size: 5, encryption: "plain", access: { kind: "room", room } }),
  linkOf({
    size: 1_048_577,
    encryption: "chunked",
    access: { kind: "bearer", secret: octets(32, 0x40) },
  }),
  linkOf({ size: 0, encryption: "plain", access: { kind: "own" } }),
];

function linkOf(of: Pick<AssetLink, "size" | "encryption" | "access">): AssetLink {
  const nonce = octets(of.encryption === "plain" ? 12 : 7, 0x10);
  return { uri: asset, key: octets(16), nonce, hash: octets(32, 0x20), expires: 0, ...of };
}

/** What `assets.json` holds: the content of every asset counts octets from 0 on, again and again. */
export function assetFile(): object {
  return {
    paddings,
    links: links.map((link) => ({
      cbor: toHex(encodeCbor(assetLinkToCbor(link))),
      text: formatAssetLink(link),
      size: link.size,
      encryption: link.encryption,
      access: link.access.kind,
    })),
    plain: [0, 1, 600].map((size) => {
      const key = octets(16);
      const nonce = octets(12, 0x10);
      const stored = seal(key, nonce, new Uint8Array(0), padded(size));
      return { size, key: toHex(key), nonce: toHex(nonce), stored: toHex(stored) };
    }),
    chunked: [1_048_577].map((size) => {
      const key = octets(16);
      const prefix = octets(7, 0x10);
      const content = padded(size);
      const chunks = Array.from({ length: chunkCount(size) }, (_, index) => {
        const range = assetChunkRange(size, index);
        const { offset, length } = range.content;
        const nonce = assetChunkNonce(prefix, index, range.last);
        const part = content.subarray(offset, offset + length);
        const sealed = seal(key, nonce, assetChunkAad(size), part);
        return { ...range.stored, nonce: toHex(nonce), sha256: toHex(sha256(sealed)) };
      });
      return {
        size,
        stored: storedLength(size, "chunked"),
        key: toHex(key),
        nonce: toHex(prefix),
        aad: toHex(assetChunkAad(size)),
        chunks,
      };
    }),
  };
}

function padded(size: number): Uint8Array {
  const content = new Uint8Array(paddedLength(size));
  for (let at = 0; at < size; at += 1) content[at] = at;
  return content;
}

function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv("aes-128-gcm", key, nonce, { authTagLength: tagLength });
  cipher.setAAD(aad);
  const parts = [cipher.update(content), cipher.final(), cipher.getAuthTag()];
  return new Uint8Array(Buffer.concat(parts));
}
