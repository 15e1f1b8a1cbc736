import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  mintRoomUri,
  parseDomain,
  parseUserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openSqlite } from "../storage-sqlite/index.ts";
import { type FilesOfContent, type LocalStore, openLocalStore } from "./index.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const room = mintRoomUri(parseDomain("example.org"), random);
const sender = parseUserUri("mimi://example.org/u/alice");

let directory: string;
let store: LocalStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-files-"));
  const read = ({ body }: { body: Uint8Array }): FilesOfContent | undefined => {
    const said: { uris: string[]; continues?: [string, string] } = JSON.parse(utf8Decode(body));
    const [first = "", previous = ""] = said.continues ?? [];
    // What a test calls "held …" goes with the message and is no file.
    const held = said.uris.filter((uri) => uri.startsWith("held"));
    const uris = said.uris.filter((uri) => !held.includes(uri));
    if (said.uris.length === 0) return undefined;
    const continues = said.continues === undefined ? {} : { continues: { first, previous } };
    return { sender, uris, held, ...continues };
  };
  store = await openLocalStore(
    openSqlite(join(directory, "s")),
    random(32),
    random,
    undefined,
    read,
  );
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const write = (position: number, uris: readonly string[], continues?: readonly [string, string]) =>
  store.transaction((tx) =>
    tx.messages.append(
      {
        room,
        position,
        messageId: `m${position}`,
        kind: "content",
        acceptedAt: position,
        body: utf8Encode(JSON.stringify({ uris, continues })),
      },
      true,
    ),
  );

test("R-088 versions stand together, whether or not the one that was changed was ever here", async () => {
  await write(1, ["a"]);
  await write(2, ["b"], ["m1", "m1"]);
  await write(3, ["c"], ["a lie", "m2"]);
  await write(4, ["d"], ["m0", "gone"]);
  await write(5, ["e"], ["another", "m4"]);
  const from = (first: string) =>
    store.transaction((tx) =>
      tx.messageFiles
        .versionsFrom(room, first)
        .map(({ messageId, previous }) => [messageId, previous]),
    );
  expect(await from("m1")).toEqual([
    ["m1", undefined],
    ["m2", "m1"],
    ["m3", "m2"],
  ]);
  expect(await from("m0")).toEqual([
    ["m4", "gone"],
    ["m5", "m4"],
  ]);
});

test("R-087 the files of a conversation come in pages, newest first", async () => {
  for (let position = 1; position <= 9; position += 1) {
    await write(position, position % 3 === 0 ? [] : ["x", `${position}`]);
  }
  const page = (before: number | undefined) =>
    store.transaction((tx) => tx.messageFiles.messagesBefore(room, before, 3));
  expect(await page(undefined)).toEqual(["m8", "m7", "m5"]);
  expect(await page(5)).toEqual(["m4", "m2", "m1"]);
  expect(await page(1)).toEqual([]);
});

test("R-052 with its last message an asset is let go of, until that is settled", async () => {
  await write(1, ["a", "b"]);
  await write(2, ["b", ""]);
  const erase = (position: number) =>
    store.transaction((tx) => {
      tx.messages.erase({ room, position }, "deleted", utf8Encode("{}"));
      return tx.messageFiles.released(9).map(({ uri }) => uri);
    });
  expect(await erase(1)).toEqual(["a"]);
  expect(await erase(2)).toEqual(["a", "b"]);
  expect(await store.transaction((tx) => tx.messageFiles.of(room, "m1"))).toEqual([]);
  await store.transaction((tx) => tx.messageFiles.settle("a"));
  expect(await store.transaction((tx) => tx.messageFiles.released(9))).toEqual([
    { uri: "b", sender },
  ]);
});

test("R-052 what goes with a message and is no file is let go of with it, and listed nowhere", async () => {
  await write(1, ["held sticker"]);
  await write(2, ["a", "held emoji"]);
  const listed = await store.transaction((tx) => [
    tx.messageFiles.messagesBefore(room, undefined, 9),
    tx.messageFiles.of(room, "m1"),
    [...tx.messageFiles.of(room, "m2"), ...tx.messageFiles.after(0, 9)].map(({ uri }) => uri),
    tx.messageFiles.versionsFrom(room, "m1"),
  ]);
  expect(listed).toEqual([["m2"], [], ["a", "a"], []]);
  const released = await store.transaction((tx) => {
    for (const position of [1, 2]) {
      tx.messages.erase({ room, position }, "deleted", utf8Encode("{}"));
    }
    return tx.messageFiles.released(9).map(({ uri }) => uri);
  });
  expect(released).toEqual(["a", "held emoji", "held sticker"]);
});
