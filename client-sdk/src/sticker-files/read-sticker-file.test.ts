import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { decodePack, fromHex, Refusal } from "@treehouse/protocol";
import { describe, expect, test } from "vitest";

import {
  ascii,
  big,
  chunk,
  element,
  gif,
  joined,
  jpeg,
  little,
  lottie,
  png,
  pngChunk,
  tgs,
  vp9,
  webm,
  webp,
} from "../../../packages/testkit/src/stickers/index.ts";
import { readStickerFile } from "./index.ts";

const moving = [40, 40, 80];

describe("R-090 R-094 what a sticker may be is told by its own octets", () => {
  test.each([
    ["tgs", tgs(), "application/x-tgsticker", 512, 1000, 60],
    ["webm", webm({ width: 512, height: 300 }), "video/webm", 512, 1000, 30],
    ["webm with alpha", webm({ alphaWidth: 512 }), "video/webm", 512, 1000, 30],
    ["webp", webp({ width: 512 }), "image/webp", 512, undefined, 1],
    ["moving webp", webp({ width: 99, delaysMs: moving }), "image/webp", 99, 160, 3],
    ["png", png({ width: 100, note: "hello" }), "image/png", 100, undefined, 1],
    ["moving png", png({ width: 7, height: 9, delaysMs: moving }), "image/png", 7, 160, 3],
    ["gif", gif({ width: 64 }), "image/gif", 64, undefined, 1],
    ["moving gif", gif({ width: 64, note: "x", delaysMs: moving }), "image/gif", 64, 160, 3],
    ["jpeg", jpeg({ width: 300, height: 200 }), "image/jpeg", 300, undefined, 1],
  ])("%s", (_, bytes, mediaType, width, durationMs, frames) => {
    expect(readStickerFile(bytes)).toMatchObject({ mediaType, width, durationMs, frames });
  });
});

test("FED-883 the files in the vectors' packs are taken", () => {
  const path = new URL("../../../federation-spec/vectors/stickers.json", import.meta.url);
  const { packs }: { packs: readonly { hex: string }[] } = JSON.parse(readFileSync(path, "utf8"));
  const files = packs.flatMap(({ hex }) => decodePack(fromHex(hex)).files);
  expect(files.map((file) => readStickerFile(file).width)).toEqual([1, 1, 1]);
});

const layerOf = (more: object) => ({ ty: 4, ind: 1, ip: 0, op: 60, st: 0, ks: {}, ...more });
const withLayer = (more: object) => tgs(lottie({ layers: [layerOf(more)] }));
const uses = (...names: string[]) => names.map((refId) => ({ ...layerOf({ ty: 0 }), refId }));
/** Each composition uses the next one ten times: ten to the power of their number is drawn. */
const doublings = (count: number) => ({
  layers: uses("c0"),
  assets: Array.from({ length: count }, (_, at) => ({
    id: `c${at}`,
    layers:
      at === count - 1 ? [layerOf({})] : uses(...Array.from({ length: 10 }, () => `c${at + 1}`)),
  })),
});
const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("T-38 hostile files are refused by what they ask for", () => {
  test.each([
    ["64 KiB and an octet in", new Uint8Array([...tgs(), ...randomBytes(65_537)]), "tgsBytesMax"],
    ["a bomb", gzipSync(new Uint8Array(60 * 1024 * 1024), { level: 9 }), "tgsInflatedBytesMax"],
    [
      "2 MiB and an octet inflated",
      gzipSync(" ".repeat(2 * 1024 * 1024 + 1)),
      "tgsInflatedBytesMax",
    ],
    ["61 frames a second", tgs(lottie({ fr: 61 })), "framesPerSecondMax"],
    ["181 frames", tgs(lottie({ op: 181 })), "framesMax"],
    ["3001 ms", tgs(lottie({ fr: 10, op: 30.01 })), "durationMaxMs"],
    ["a side of 513", tgs(lottie({ w: 513 })), "sideMax"],
    ["65 levels", tgs(lottie({ meta: JSON.parse(deep(64)) })), "lottieDepthMax"],
    ["a million levels", tgs(deep(1_000_000)), "lottieDepthMax"],
    ["too many values", tgs(`[${"0,".repeat(500_000)}0]`), "lottieValuesMax"],
    ["layers that multiply", tgs(lottie(doublings(9))), "lottieLayersMax"],
    [
      "compositions in a circle",
      tgs(lottie({ layers: uses("a"), assets: [{ id: "a", layers: uses("a") }] })),
      "lottieCompositionDepthMax",
    ],
    ["a webm of 256 KiB and more", joined(webm(), randomBytes(262_144)), "webmBytesMax"],
    ["a webm of 3001 ms", webm({ durationMs: 3001 }), "durationMaxMs"],
    ["a webm of 181 frames", webm({ frames: 181, durationMs: 3000 }), "framesMax"],
    ["a webm of 100 frames in a second", webm({ frames: 100 }), "framesPerSecondMax"],
    ["a webm with a side of 513", webm({ width: 513 }), "sideMax"],
    ["a webm whose frames are larger than it says", webm({ frameWidth: 16_384 }), "sideMax"],
    ["a webm whose alpha is larger than it says", webm({ alphaWidth: 16_384 }), "sideMax"],
    ["a webp of 512 KiB and more", webp({ note: "x".repeat(524_288) }), "pictureBytesMax"],
    ["a webp with a side of 513", webp({ height: 513 }), "sideMax"],
    ["a webp of 3001 ms", webp({ delaysMs: [3000, 1] }), "durationMaxMs"],
    [
      "a webp of 181 frames",
      webp({ delaysMs: Array.from({ length: 181 }, (_, at) => 16 + (at % 2)) }),
      "framesMax",
    ],
    [
      "a webp too fast",
      webp({ delaysMs: Array.from({ length: 90 }, () => 1) }),
      "framesPerSecondMax",
    ],
    ["a png with a side of 513", png({ width: 513 }), "sideMax"],
    ["a png of 60,000 by 60,000", png({ width: 60_000, height: 1 }), "sideMax"],
    ["a moving png of 3001 ms", png({ delaysMs: [3000, 1] }), "durationMaxMs"],
    ["a gif of 3010 ms", gif({ delaysMs: [3000, 10] }), "durationMaxMs"],
    [
      "a gif of 31 frames without delays",
      gif({ delaysMs: Array.from({ length: 31 }, () => 0) }),
      "durationMaxMs",
    ],
    ["a gif with a side of 513", gif({ height: 513 }), "sideMax"],
    ["a jpeg with a side of 513", jpeg({ height: 513 }), "sideMax"],
    ["a jpeg of 33 scans", jpeg({ scans: 33 }), "jpegScansMax"],
  ])("%s", (_, bytes, limitName) => {
    const refused = refusalOf(bytes);
    expect(refused).toMatchObject({ code: "limitExceeded", data: { limitName } });
  });

  test.each([
    ["an svg", ascii('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
    ["an svg in gzip", gzipSync('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["html", ascii("<!doctype html>")],
    ["nothing", new Uint8Array()],
    ["a script", withLayer({ ks: { o: { a: 0, k: 100, x: "var $bm_rt = loop();" } } })],
    [
      "a picture in it",
      tgs(lottie({ assets: [{ id: "i", w: 1, h: 1, u: "", p: "data:image/png;base64," }] })),
    ],
    [
      "a picture from elsewhere",
      tgs(lottie({ assets: [{ id: "i", u: "https://evil.example/", p: "a.png", layers: [] }] })),
    ],
    ["a layer of pictures", withLayer({ ty: 2, refId: "i" })],
    ["a layer of text", withLayer({ ty: 5, t: { d: {} } })],
    ["a layer of sound", withLayer({ ty: 6 })],
    ["fonts", tgs(lottie({ fonts: { list: [{ fPath: "https://evil.example/f.ttf" }] } }))],
    ["a composition that is not there", tgs(lottie({ layers: uses("nowhere") }))],
    [
      "layers that move with each other",
      tgs(lottie({ layers: [layerOf({ ind: 1, parent: 2 }), layerOf({ ind: 2, parent: 1 })] })),
    ],
    ["shapes repeated a billion times", withLayer({ shapes: [{ ty: "rp", c: { a: 0, k: 1e9 } }] })],
    ["the key __proto__", tgs(lottie().replace('"tgs":1', '"__proto__":{"x":1}'))],
    ["a key twice", tgs(lottie().replace('"tgs":1', '"layers":[]'))],
    ["a key in disguise", tgs(lottie().replace('"tgs":1', '"\\u006cayers":[]'))],
    ["a number without end", tgs(lottie().replace('"tgs":1', '"x":1e999'))],
    ["no frames", tgs(lottie({ op: 0 }))],
    ["no JSON", tgs("{]")],
    ["no UTF-8", gzipSync(Uint8Array.of(0x7b, 0xff, 0x7d))],
    ["an animation that is cut off", tgs().subarray(0, -9)],
    ["an animation with a wrong sum", changed(tgs(), -8)],
    ["an animation with a wrong length", changed(tgs(), -1)],
    ["a webm with sound", webm({ sound: true })],
    ["a webm of VP8", webm({ codec: "V_VP8" })],
    [
      "a matroska",
      joined(element(0x1a45dfa3, element(0x4282, ascii("matroska"))), element(0x18538067)),
    ],
    ["a webm without frames", webm({ frames: 0 })],
    ["a webm that goes on behind its end", joined(webm(), element(0xec))],
    ["a webp that goes on behind its end", joined(webp(), Uint8Array.of(0, 0))],
    ["a webp whose container says another size", riffWith(100, 200)],
    ["a png that goes on behind its end", joined(png(), ascii("PK"))],
    ["a png without a picture", joined(png().subarray(0, 33), pngChunk("IEND", new Uint8Array()))],
    [
      "a png with packed text",
      joined(png().subarray(0, 33), pngChunk("zTXt", ascii("a\0\0")), png().subarray(33)),
    ],
    ["a gif that goes on behind its end", joined(gif(), ascii("x"))],
    ["a gif whose frame is larger than it", gifWith(64, 65)],
    ["a jpeg that goes on behind its end", joined(jpeg(), ascii("x"))],
    ["a jpeg without a picture", Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)],
  ])("%s", (_, bytes) => {
    expect(refusalOf(bytes)).toMatchObject({ code: "malformed" });
  });
});

function refusalOf(bytes: Uint8Array): unknown {
  try {
    return readStickerFile(new Uint8Array(bytes));
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 0x55;
  return copy;
}

function riffWith(width: number, canvas: number): Uint8Array {
  const header = joined(new Uint8Array(4), little(canvas - 1, 3), little(99, 3));
  const inner = webp({ width }).subarray(12);
  const chunks = joined(chunk("VP8X", header), inner);
  return joined(ascii("RIFF"), little(chunks.length + 4, 4), ascii("WEBP"), chunks);
}

function gifWith(screen: number, frame: number): Uint8Array {
  const bytes = gif({ width: frame });
  bytes.set(little(screen, 2), 6);
  return bytes;
}

test("T-38 a superframe hides no frame that is larger", () => {
  const [small, large] = [vp9(512, 512), vp9(16_384, 512)];
  const mark = Uint8Array.of(0xc0 | (1 << 3) | 1);
  const index = joined(mark, little(small.length, 2), little(large.length, 2), mark);
  const block = joined(Uint8Array.of(0x81, 0, 0, 0x80), small, large, index);
  const whole = webm({ frames: 1 });
  const wrap = (content: Uint8Array<ArrayBuffer>) => {
    const cluster = element(0x1f43b675, element(0xe7, big(0, 1)), element(0xa3, content));
    const tracks = element(
      0x1654ae6b,
      element(
        0xae,
        element(0xd7, big(1, 1)),
        element(0x83, big(1, 1)),
        element(0x86, ascii("V_VP9")),
        element(0xe0, element(0xb0, big(512, 2)), element(0xba, big(512, 2))),
      ),
    );
    return joined(
      element(0x1a45dfa3, element(0x4282, ascii("webm"))),
      element(0x18538067, tracks, cluster),
    );
  };
  expect(refusalOf(wrap(block))).toMatchObject({ data: { limitName: "sideMax" } });
  expect(refusalOf(wrap(block.subarray(0, 4 + small.length)))).toMatchObject({ width: 512 });
  expect(refusalOf(whole)).toMatchObject({ width: 512 });
});
