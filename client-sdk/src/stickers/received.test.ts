import { gzipSync } from "node:zlib";

import {
  inlineFile,
  mintRoomUri,
  parseDomain,
  Refusal,
  sha256,
  type StickerItem,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { lottie, tgs } from "../../../packages/testkit/src/stickers/index.ts";
import { receivedSticker } from "./received.ts";

const room = mintRoomUri(parseDomain("example.org"), (length) => new Uint8Array(length));
const assets = { read: () => Promise.reject(new Error("nothing is fetched")) };

function received(bytes: Uint8Array<ArrayBuffer>, change: Partial<StickerItem> = {}) {
  const item: StickerItem = {
    mediaType: "application/x-tgsticker",
    size: bytes.length,
    hash: sha256(bytes),
    width: 512,
    height: 512,
    durationMs: 1000,
    emojis: [],
    name: undefined,
    ...change,
  };
  return receivedSticker(assets, room, { item, pack: undefined, file: inlineFile(item, bytes) });
}

test("T-38 FED-883 FED-887 a sticker in a message is handed out when its file is what it says", async () => {
  const good = tgs();
  expect((await received(good)).bytes).toEqual(good);
  const script = JSON.stringify({ a: 0, k: 1, x: "$bm_rt" });
  const hostile = [
    received(new Uint8Array(gzipSync(new Uint8Array(5_000_000)))),
    received(tgs(lottie().replace('"tgs":1', `"meta":${script}`))),
    received(good, { hash: sha256(new Uint8Array()) }),
    received(good, { durationMs: 2000 }),
    received(good, { mediaType: "image/webp" }),
  ];
  const reasons = await Promise.all(
    hostile.map((one) =>
      one.catch((error: unknown) => (error instanceof Refusal ? error.code : error)),
    ),
  );
  expect(reasons).toEqual(["limitExceeded", "malformed", "malformed", "malformed", "malformed"]);
});
