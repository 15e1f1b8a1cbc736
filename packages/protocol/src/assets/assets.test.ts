import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../bytes/index.ts";
import { DISPOSITIONS, encodeCbor } from "../content/index.ts";
import { parseAssetUri, parseRoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import {
  assetChunkAad,
  assetChunkNonce,
  assetChunkRange,
  type AssetLink,
  assetLinkOf,
  assetLinkToCbor,
  assetPart,
  chunkCount,
  formatAssetLink,
  paddedLength,
  parseAssetLink,
  storedLength,
} from "./index.ts";

const vectors: {
  paddings: { size: number; padded: number; chunks: number }[];
  links: { cbor: string; text: string; size: number; encryption: string; access: string }[];
  chunked: {
    size: number;
    stored: number;
    nonce: string;
    aad: string;
    chunks: { offset: number; length: number; nonce: string }[];
  }[];
} = JSON.parse(readFileSync("federation-spec/vectors/assets.json", "utf8"));

const room = parseRoomUri(`mimi://example.org/r/${"a".repeat(26)}`);
const link: AssetLink = {
  uri: parseAssetUri(`mimi://example.org/a/${"A".repeat(43)}`),
  size: 70_000,
  encryption: "plain",
  key: new Uint8Array(16),
  nonce: new Uint8Array(12),
  hash: new Uint8Array(32),
  expires: 0,
  access: { kind: "room", room },
};

test("FED-1004 lengths are padded, by 12 % at most, to one of few", () => {
  expect(vectors.paddings.length).toBeGreaterThan(5);
  for (const { size, padded, chunks } of vectors.paddings) {
    expect(paddedLength(size)).toBe(padded);
    expect(chunkCount(size)).toBe(chunks);
  }
  fc.assert(
    fc.property(fc.integer({ min: 513, max: 2 ** 43 }), (size) => {
      const padded = paddedLength(size);
      expect(padded).toBeGreaterThanOrEqual(size);
      expect(padded).toBeLessThan(size * 1.12);
      expect(paddedLength(padded)).toBe(padded);
    }),
  );
});

test("FED-1002 chunks stand where the vectors have them, each with its own nonce", () => {
  for (const { size, stored, nonce, aad, chunks } of vectors.chunked) {
    expect(storedLength(size, "chunked")).toBe(stored);
    expect(toHex(assetChunkAad(size))).toBe(aad);
    expect(chunkCount(size)).toBe(chunks.length);
    for (const [index, chunk] of chunks.entries()) {
      const { stored: range, last } = assetChunkRange(size, index);
      expect(range).toEqual({ offset: chunk.offset, length: chunk.length });
      expect(toHex(assetChunkNonce(fromHex(nonce), index, last))).toBe(chunk.nonce);
    }
  }
});

test("FED-1002 the chunks of any size fill the asset, and no two share a nonce", () => {
  const sizes = fc.integer({ min: 1, max: 40 * LIMITS.assetChunkBytes });
  fc.assert(
    fc.property(sizes, (size) => {
      let content = 0;
      let stored = 0;
      const nonces = new Set<string>();
      for (let index = 0; index < chunkCount(size); index += 1) {
        const range = assetChunkRange(size, index);
        expect(range.content.offset).toBe(content);
        expect(range.stored.offset).toBe(stored);
        content += range.content.length;
        stored += range.stored.length;
        nonces.add(toHex(assetChunkNonce(new Uint8Array(7), index, range.last)));
      }
      expect(content).toBe(paddedLength(size));
      expect(stored).toBe(storedLength(size, "chunked"));
      expect(nonces.size).toBe(chunkCount(size));
    }),
    { numRuns: 50 },
  );
});

test("FED-1003 links are written and read as the vectors have them, and nothing else is one", () => {
  expect(vectors.links).toHaveLength(3);
  for (const { cbor, text, ...told } of vectors.links) {
    const { access, encryption, size } = parseAssetLink(text);
    expect({ access: access.kind, encryption, size }).toEqual(told);
    expect(formatAssetLink(parseAssetLink(text))).toBe(text);
    expect(toHex(encodeCbor(assetLinkToCbor(parseAssetLink(text))))).toBe(cbor);
  }
  const good = formatAssetLink(link);
  for (const bad of ["", "A", "%", good.slice(1), `${good}AA`, "a".repeat(100_000)]) {
    expect(() => parseAssetLink(bad)).toThrow(expect.objectContaining({ code: "malformed" }));
  }
  for (const part of [
    { key: new Uint8Array(15) },
    { nonce: new Uint8Array(7) },
    { hash: new Uint8Array(0) },
    { size: -1 },
    { expires: 2 ** 32 },
    { access: { kind: "bearer", secret: new Uint8Array(31) } },
  ] as const) {
    expect(() => formatAssetLink({ ...link, ...part })).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  }
});

test("FED-1000 an asset in a message is for the message's room, and other parts are none of ours", () => {
  const part = assetPart(link, { contentType: "image/png", filename: "a.png" });
  expect(part).toMatchObject({ disposition: DISPOSITIONS.attachment, encAlg: 1, hashAlg: 1 });
  expect(assetLinkOf(part, room)).toEqual(link);
  const chunked = { ...link, encryption: "chunked", nonce: new Uint8Array(7) } as const;
  const other = assetPart(chunked, { contentType: "video/mp4" });
  expect(other.encAlg).toBe(0xf001);
  expect(assetLinkOf(other, room)).toEqual(chunked);
  for (const change of [
    { url: "https://example.org/a.png" },
    { url: `${part.url}/../x` },
    { encAlg: 0 },
    { encAlg: 2 },
    { hashAlg: 0 },
    { aad: new Uint8Array(1) },
    { key: new Uint8Array(32) },
    { nonce: new Uint8Array(7) },
  ]) {
    expect(assetLinkOf({ ...part, ...change }, room)).toBeUndefined();
  }
});

test("T-30 only a domain and 32 octets in their one spelling name an asset", () => {
  const id = "A".repeat(42);
  expect(parseAssetUri(`mimi://example.org/a/${id}E`)).toContain(id);
  for (const bad of [
    `mimi://example.org/a/${id}B`,
    `mimi://example.org/a/${id}`,
    `mimi://example.org/a/../${id}`,
    `mimi://example.org/a/${"A".repeat(40)}../`,
    `mimi://example.org/a/${id}E\0`,
    `mimi://example.org/r/${id}E`,
    `mimi://example.org:80/a/${id}E`,
    `mimi://192.168.0.1/a/${id}E`,
    `mimi://example.org/a/${"Ａ".repeat(43)}`,
  ]) {
    expect(() => parseAssetUri(bad)).toThrow(expect.objectContaining({ code: "malformed" }));
  }
});
