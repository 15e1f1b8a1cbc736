import { utf8Encode } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { readFolder } from "./folder.ts";

const bytes = utf8Encode("x");
const fileOf = (name: string) => ({ name, bytes });
const list = (name: string, value: unknown) => ({ name, bytes: utf8Encode(JSON.stringify(value)) });

test("R-094 without a list, names give order, emoji and what is between colons", () => {
  const files = ["10 b.png", "9 Party Parrot! 🦜🎉.gif", ".DS_Store", "notes.json", "1.webp"].map(
    fileOf,
  );
  const { sources, ...pack } = readFolder(files);
  expect(pack).toEqual({});
  expect(sources.map(({ file, emojis, name }) => ({ file, emojis, name }))).toEqual([
    { file: "1.webp", emojis: [], name: undefined },
    { file: "9 Party Parrot! 🦜🎉.gif", emojis: ["🦜", "🎉"], name: "9_party_parrot" },
    { file: "10 b.png", emojis: [], name: "10_b" },
  ]);
});

test("R-094 pack.json says all of it, and is refused where it is wrong", () => {
  const stickers = [{ file: "b.png", emojis: ["👍"], name: "up" }, { file: "a.png" }];
  const said = { title: "T", author: "A", kind: "emoji", stickers };
  const files = [fileOf("a.png"), fileOf("b.png"), fileOf("c.png")];
  const { sources, ...pack } = readFolder([...files, list("pack.json", said)]);
  expect(pack).toEqual({ title: "T", author: "A", kind: "emoji" });
  expect(sources.map((one) => [one.file, one.name])).toEqual([
    ["b.png", "up"],
    ["a.png", undefined],
    ["c.png", undefined],
  ]);
  const missing = { stickers: [{ file: "../../etc/passwd" }] };
  for (const wrong of [{}, { stickers: [{}] }, missing, { ...said, kind: "x" }]) {
    expect(() => readFolder([...files, list("pack.json", wrong)])).toThrow(
      expect.objectContaining({ code: "malformed" }),
    );
  }
});

test("R-090 an answer of getStickerSet beside the files gives order and emoji", () => {
  const stickers = [
    { file_id: "f1", file_unique_id: "u1", emoji: "🐈" },
    { file_id: "f2", file_unique_id: "u2" },
    { file_id: "f3", file_unique_id: "u3", emoji: "😹" },
  ];
  const result = { title: "Cats", sticker_type: "custom_emoji", stickers };
  const files = [fileOf("u1.tgs"), fileOf("f2.webm"), fileOf("extra.webp")];
  for (const value of [result, { ok: true, result }]) {
    const { sources, ...pack } = readFolder([...files, list("cats.json", value)]);
    expect(pack).toEqual({ title: "Cats", kind: "emoji" });
    expect(sources.map((one) => [one.file, one.emojis])).toEqual([
      ["u1.tgs", ["🐈"]],
      ["f2.webm", []],
      ["extra.webp", []],
    ]);
  }
});
