import { describe, expect, test } from "vitest";

import { sha256, utf8Encode } from "../../bytes/index.ts";
import {
  decodePack,
  encodePack,
  joinPack,
  type PackManifest,
  type StickerItem,
  type StickerPack,
} from "./index.ts";

const files = [utf8Encode("one"), utf8Encode("two")];
const items: readonly StickerItem[] = files.map((file, at) => ({
  mediaType: at === 0 ? "image/webp" : "application/x-tgsticker",
  size: file.length,
  hash: sha256(file),
  width: 512,
  height: 300,
  durationMs: at === 0 ? undefined : 3000,
  emojis: at === 0 ? ["👍", "❤️"] : [],
  name: at === 0 ? "thumb_up" : undefined,
}));
const manifest: PackManifest = { title: "Cats", author: "Ann", kind: "stickers", items };
const pack = { manifest, files };

test("FED-880 FED-881 R-093 a pack is read as it was made, octet for octet", () => {
  const encoded = encodePack(pack);
  expect(decodePack(encoded)).toMatchObject(pack);
  expect(joinPack(decodePack(encoded))).toEqual(encoded);
  expect(encodePack(decodePack(encoded))).toEqual(encoded);
  const bare = { ...pack, manifest: { ...manifest, author: undefined, kind: "emoji" as const } };
  expect(decodePack(encodePack(bare))).toMatchObject(bare);
});

const withItem = (change: Partial<StickerItem>): StickerPack => ({
  files,
  manifest: { ...manifest, items: items.map((item) => ({ ...item, ...change })) },
});
const many = (count: number): StickerPack => ({
  files: Array.from({ length: count }, () => utf8Encode("two")),
  manifest: {
    ...manifest,
    items: Array.from({ length: count }, () => items[1]).flatMap((item) => item ?? []),
  },
});
const titled = (title: string): StickerPack => ({ files, manifest: { ...manifest, title } });

describe("FED-882 T-38 a pack that lies, or is too much, is refused", () => {
  const encoded = encodePack(pack);
  const json = utf8Encode("application/x-tgsticker");
  const at = encoded.findIndex((_, start) =>
    json.every((octet, i) => encoded[start + i] === octet),
  );
  test.each([
    ["nothing", new Uint8Array()],
    ["something else", utf8Encode("RIFF0000WEBP")],
    ["cut off in its manifest", encoded.slice(0, 40)],
    ["cut off in its files", encoded.slice(0, -1)],
    ["an octet too many", new Uint8Array([...encoded, 0])],
    ["another file than it names", encoded.with(encoded.length - 1, 0)],
    ["an unknown type", encoded.with(at, 0x62)],
  ])("%s", (_, octets) => {
    expect(() => decodePack(octets)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  test.each([
    ["no pixels", withItem({ height: 0 })],
    ["a tag that is no emoji", withItem({ emojis: ["x"] })],
    ["a tag twice", withItem({ emojis: ["👍", "👍"] })],
    ["two of one name", withItem({ name: "same" })],
    ["a name with a colon", withItem({ name: ":x:" })],
    ["a title that hides", titled("a\u202eb")],
    ["a title that shows nothing", titled(" ")],
    ["no stickers", many(0)],
  ])("%s", (_, wrong) => {
    expect(() => encodePack(wrong)).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  test.each([
    ["sideMax", withItem({ width: 513 })],
    ["durationMaxMs", withItem({ durationMs: 3001 })],
    ["packTitleMax", titled("a".repeat(65))],
    ["packItemsMax", many(201)],
  ])("%s", (limitName, wrong) => {
    const data = expect.objectContaining({ limitName });
    expect(() => encodePack(wrong)).toThrow(
      expect.objectContaining({ code: "limitExceeded", data }),
    );
  });

  test("a manifest of 4 GiB, and the form of a later version", () => {
    const [long, later] = [encoded.with(5, 255), encoded.with(4, 2)];
    expect(() => decodePack(long)).toThrow(expect.objectContaining({ code: "limitExceeded" }));
    const code = "versionUnsupported";
    expect(() => decodePack(later)).toThrow(expect.objectContaining({ code }));
  });
});
