import { createHash } from "node:crypto";
import {
  customEmojiOf,
  customReactionOf,
  decodeContent,
  decodePack,
  encodePack,
  fromHex,
  Refusal,
  type SentSticker,
  stickerOf,
  textOf,
  toHex,
} from "@treehouse/protocol";
import { expect, test } from "vitest";
import { jsonValue } from "../src/json-value.ts";
import { readVectorFile } from "../src/load-vectors.ts";

type Item = { readonly size: number; readonly hash: string };
const vectors: {
  readonly packs: readonly { name: string; hex: string; manifest: { items: readonly Item[] } }[];
  readonly messages: readonly {
    readonly hex: string;
    readonly sticker: string | null;
    readonly customEmoji: readonly string[];
    readonly reaction: string | null;
    readonly text: string;
  }[];
  readonly malformed: readonly { readonly name: string; readonly hex: string }[];
} = JSON.parse(readVectorFile("stickers.json"));

test("FED-880 FED-881 the packs are taken, say what stands beside them, and are encoded to the same octets", () => {
  expect(vectors.packs).toHaveLength(2);
  for (const { hex, manifest } of vectors.packs) {
    const pack = decodePack(fromHex(hex));
    expect(jsonValue(pack.manifest)).toEqual(manifest);
    expect(toHex(encodePack(pack))).toBe(hex);
    // By this test's own hand: the files are the last octets, one behind the other.
    let end = hex.length / 2;
    for (const { size, hash } of manifest.items.toReversed()) {
      const file = Buffer.from(hex, "hex").subarray(end - size, end);
      expect(createHash("sha256").update(file).digest("hex")).toBe(hash);
      end -= size;
    }
  }
});

test("FED-882 what breaks a rule is refused", () => {
  expect(vectors.malformed.length).toBeGreaterThan(5);
  for (const { name, hex } of vectors.malformed) {
    expect([name, codeOf(hex)]).toEqual([name, "malformed"]);
  }
});

test("FED-884 FED-885 FED-886 FED-887 the messages hold the stickers that stand beside them, and no other", () => {
  expect(vectors.messages).toHaveLength(5);
  const idOf = (one: SentSticker | undefined) => (one === undefined ? null : toHex(one.item.hash));
  for (const { hex, ...said } of vectors.messages) {
    const content = decodeContent(fromHex(hex));
    expect(said).toMatchObject({
      sticker: idOf(stickerOf(content)),
      customEmoji: customEmojiOf(content).map(({ item }) => toHex(item.hash)),
      reaction: idOf(customReactionOf(content)),
      text: textOf(content),
    });
    // The file is in the message: its octets, and so those of its hash, are in there as they are.
    const ids = [said.sticker, said.reaction, ...said.customEmoji].filter((id) => id !== null);
    for (const id of ids) expect(hex).toContain(id);
  }
});

function codeOf(hex: string): string {
  try {
    decodePack(fromHex(hex));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}
