import { type Bytes, STICKER_LIMITS } from "@treehouse/protocol";
import { describe } from "../../../../../client-sdk/src/media/describe.ts";
import { MEDIA_LIMITS } from "../../../../../client-sdk/src/media/media-limits.ts";
import { sourceOf } from "../../../../../client-sdk/src/media/source.ts";
import { tellsPlace, withoutMetadata } from "../../../../../client-sdk/src/media/strip-metadata.ts";
import { waveformOf } from "../../../../../client-sdk/src/media/waveform.ts";
import { readStickerFile } from "../../../../../client-sdk/src/sticker-files/index.ts";
import { readFolder } from "../../../../../client-sdk/src/stickers/folder.ts";
import * as samples from "../../../../../client-sdk/test/world/samples.ts";
import { gif, jpeg, lottie, png, tgs, webm, webp } from "../../stickers/index.ts";
import type { Target } from "../target.ts";
import { named, split, texts } from "./text.ts";

const moving = [40, 40, 80];

/** T-38: what a sticker may be is told by its own octets. */
export const stickerTarget: Target = {
  name: "sticker-files",
  reads: "the files of stickers: Lottie, WebM, WebP, PNG, GIF, and folders of them",
  async open() {
    return {
      seeds: [
        tgs(),
        tgs(lottie({ w: 511 })),
        webm({ frames: 2 }),
        webm({ frames: 2, alphaWidth: 512 }),
        webp(),
        webp({ delaysMs: moving }),
        png(),
        png({ delaysMs: moving }),
        gif({ delaysMs: moving }),
        jpeg(),
      ].map((file) => new Uint8Array(file)),
      judge(input) {
        const { width, height, durationMs = 0, frames, mediaType } = readStickerFile(input);
        const { sideMax, durationMaxMs, framesMax } = STICKER_LIMITS;
        if (Math.max(width, height) > sideMax) throw new Error("a side that is too long");
        if (durationMs > durationMaxMs || frames > framesMax) throw new Error("it lasts too long");
        return mediaType;
      },
    };
  },
};

type Reader = (input: Bytes) => unknown;

/** T-31: what is said of a file comes from its octets. */
const readers: Readonly<Record<string, Reader>> = {
  async describe(input) {
    const source = sourceOf(input);
    let reads = 0;
    const read = (offset: number, length: number) => ((reads += 1), source.read(offset, length));
    const { mediaType, facts } = await describe({ size: source.size, read }, { name: "x" });
    if (reads > MEDIA_LIMITS.recordingReadsMax + 10) throw new Error(`${reads} reads`);
    const { width = 1, height = 1, durationMs = 1 } = { ...facts };
    if (!/^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) throw new Error(`no type: ${mediaType}`);
    if (Math.min(width, height) <= 0 || Math.max(width, height) > MEDIA_LIMITS.sideMax) {
      throw new Error(`${width} by ${height}`);
    }
    if (durationMs > MEDIA_LIMITS.durationMsMax) throw new Error(`${durationMs} ms`);
    return mediaType;
  },
  strip(input) {
    for (const type of ["image/jpeg", "image/png", "image/webp"]) {
      const stripped = withoutMetadata(input, type);
      if ((stripped?.length ?? 0) > input.length + 36) throw new Error("it grows");
    }
    return tellsPlace(input);
  },
  async waveform(input) {
    return (await waveformOf(sourceOf(input))) === undefined ? "none" : "drawn";
  },
  folder: (input) =>
    readFolder([
      { name: "pack.json", bytes: input },
      { name: "a.png", bytes: input },
    ]).sources.length > 0,
};

export const mediaTarget: Target = {
  name: "media",
  reads: "pictures, recordings and films that are sent, as far as the sender's SDK looks into them",
  async open() {
    const files = [
      samples.png(3, 2),
      samples.gif(300, 200),
      samples.webpHead(1000, 2),
      samples.jpegHead(640, 480, 6),
      samples.wav(0.2),
      samples.ogg(2),
      samples.mp4(7),
      samples.mp4(4, [320, 240]),
      samples.mp3(0.3),
      samples.webm(4, [320, 240]),
    ].map((file) => new Uint8Array(file));
    const list = texts('{"title":"x","stickers":[{"file":"a.png","emojis":["😀"],"name":"a"}]}');
    return {
      seeds: [
        ...files.flatMap((file) =>
          ["describe", "strip", "waveform"].map((name) => named(name, file)),
        ),
        ...list.map((one) => named("folder", one)),
      ],
      async judge(input) {
        const { name, reader, rest } = split(readers, input);
        return `${name} ${String(await reader(rest))}`;
      },
    };
  },
};
