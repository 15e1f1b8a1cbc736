import { describe, expect, test } from "vitest";

import { sha256, utf8Encode } from "../bytes/index.ts";
import { parseRoomUri, parseUserUri } from "../identifiers/index.ts";
import {
  changeOf,
  decodeContent,
  encodeContent,
  type MimiContent,
  type NestedPart,
  type StickerItem,
  textContent,
  textOf,
} from "../content/index.ts";
import {
  customEmojiOf,
  customReactionContent,
  customReactionOf,
  inlineFile,
  type SentSticker,
  stickerContent,
  stickerOf,
  withCustomEmoji,
} from "./index.ts";

const file = utf8Encode("a file");
const item: StickerItem = {
  mediaType: "image/webp",
  size: file.length,
  hash: sha256(file),
  width: 512,
  height: 512,
  durationMs: undefined,
  emojis: ["🐈", "👍"],
  name: "cat",
};
const sticker: SentSticker = { item, pack: undefined, file: inlineFile(item, file) };
const place = textContent({
  text: "hello :cat:",
  salt: new Uint8Array(16),
  senderUri: parseUserUri("mimi://example.org/u/alice"),
  roomUri: parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
});
const sent = (content: MimiContent) => decodeContent(encodeContent(content));
const target = new Uint8Array(32).fill(1);

test("FED-884 R-092 a sticker is read as it was sent, and is an emoji for those who know none", () => {
  const message = sent(stickerContent(place, sticker));
  expect(stickerOf(message)).toEqual(sticker);
  expect(textOf(message)).toBe("🐈");
  const bare = { ...sticker, item: { ...item, emojis: [] } };
  expect(textOf(sent(stickerContent(place, bare)))).toBe(":cat:");
  const nameless = { ...bare, item: { ...bare.item, name: undefined } };
  expect(textOf(sent(stickerContent(place, nameless)))).toBe("🔣");
  expect(stickerOf(place)).toBeUndefined();
});

test("FED-885 R-093 a text says what its names mean, and stays a text", () => {
  const message = sent(withCustomEmoji(place, [sticker]));
  expect([textOf(message), stickerOf(message)]).toEqual(["hello :cat:", undefined]);
  expect(customEmojiOf(message)).toEqual([sticker]);
  expect(withCustomEmoji(place, [])).toEqual(place);
  const many = Array.from({ length: 20 }, (_, at) => ({
    ...sticker,
    item: { ...item, name: `cat${at}` },
  }));
  expect(customEmojiOf(sent(withCustomEmoji(place, many)))).toHaveLength(16);
  expect(customEmojiOf(sent(withCustomEmoji(place, [sticker, sticker])))).toHaveLength(1);
});

test("FED-886 R-093 a custom emoji is a reaction that everybody understands", () => {
  const message = sent(customReactionContent(place, target, sticker));
  expect(changeOf(message)).toEqual({ kind: "reaction", target, emojis: ["🐈"] });
  expect(customReactionOf(message)).toEqual(sticker);
  expect(stickerOf(message)).toBeUndefined();
  const bare = { ...sticker, item: { ...item, emojis: [] } };
  expect(changeOf(sent(customReactionContent(place, target, bare)))).toMatchObject({
    emojis: ["🔣"],
  });
});

describe("FED-887 what breaks a rule is shown as what stands beside it", () => {
  test.each<readonly [string, Partial<StickerItem>, NestedPart]>([
    ["another size", { size: 7 }, sticker.file],
    ["another type", { mediaType: "image/png" }, sticker.file],
    ["too large", { width: 513 }, sticker.file],
    ["a tag that is a text", { emojis: ["hello"] }, sticker.file],
    ["no file", {}, { kind: "null", disposition: 4, language: "" }],
  ])("%s", (_, change, part) => {
    const message = stickerContent(place, { ...sticker, item: { ...item, ...change } });
    const { body } = message;
    const [unit, text] = body.kind === "multi" ? body.parts : [];
    if (unit?.kind !== "multi" || text === undefined || body.kind !== "multi")
      throw new Error("two");
    const [described] = unit.parts;
    if (described === undefined) throw new Error("it is described");
    const parts = [{ ...unit, parts: [described, part] }, text];
    const changed = sent({ ...message, body: { ...body, parts } });
    expect(stickerOf(changed)).toBeUndefined();
    expect(textOf(changed)).toBeDefined();
  });
});
