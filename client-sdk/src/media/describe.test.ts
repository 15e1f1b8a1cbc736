import { expect, test } from "vitest";

import {
  gif,
  jpegHead,
  mp3,
  mp4,
  ogg,
  png,
  wav,
  webm,
  webpHead,
} from "../../test/world/samples.ts";
import { describe as described, isHarmlessPreview } from "./describe.ts";
import { sourceOf } from "./source.ts";

const look = (octets: Uint8Array, name = "x", mediaType?: string) =>
  described(sourceOf(octets), { name, mediaType });

test("R-083 what pictures, recordings and films are is read from their octets", async () => {
  const image = { kind: "image" };
  expect(await look(png(3, 2))).toEqual({
    mediaType: "image/png",
    facts: { ...image, width: 3, height: 2 },
  });
  expect(await look(gif(300, 200))).toEqual({
    mediaType: "image/gif",
    facts: { ...image, width: 300, height: 200 },
  });
  expect(await look(webpHead(1000, 2))).toEqual({
    mediaType: "image/webp",
    facts: { ...image, width: 1000, height: 2 },
  });
  expect(await look(jpegHead(640, 480, 6))).toEqual({
    mediaType: "image/jpeg",
    facts: { ...image, width: 640, height: 480, rotation: 90 },
  });
  const audio = { kind: "audio" };
  expect(await look(wav(1.5))).toEqual({
    mediaType: "audio/wav",
    facts: { ...audio, durationMs: 1500 },
  });
  expect(await look(ogg(2))).toEqual({
    mediaType: "audio/ogg",
    facts: { ...audio, durationMs: 2000 },
  });
  expect(await look(mp4(7))).toEqual({
    mediaType: "audio/mp4",
    facts: { ...audio, durationMs: 7000 },
  });
  const { mediaType, facts } = await look(mp3(3));
  expect([mediaType, facts?.kind]).toEqual(["audio/mpeg", "audio"]);
  expect(Math.abs((facts?.durationMs ?? 0) - 3000)).toBeLessThan(60);
  const video = { kind: "video", width: 320, height: 240, durationMs: 4000 };
  expect(await look(mp4(4, [320, 240]))).toEqual({ mediaType: "video/mp4", facts: video });
  expect(await look(webm(4, [320, 240]))).toEqual({ mediaType: "video/webm", facts: video });
  expect(await look(webm(4))).toEqual({
    mediaType: "audio/webm",
    facts: { ...audio, durationMs: 4000 },
  });
});

test("R-083 a name or a claim makes no picture of what is none", async () => {
  const text = new TextEncoder().encode("just text");
  const typeOf = async (...said: readonly [string, string?]) =>
    (await look(text, ...said)).mediaType;
  expect(await typeOf("a.png", "image/png")).toBe("application/octet-stream");
  expect(await typeOf("a.md")).toBe("text/markdown");
  expect(await typeOf("a", "Text/CSV; charset=utf-8")).toBe("text/csv");
  expect(await typeOf("a.constructor", "a b")).toBe("application/octet-stream");
  // A drawing that can hold scripts is a file to be saved, never a picture to be shown.
  expect(await look(text, "a.svg")).toEqual({ mediaType: "image/svg+xml", facts: undefined });
  expect((await look(png(1, 1), "a.txt", "text/plain")).mediaType).toBe("image/png");
  expect(await look(new Uint8Array(), "empty.txt")).toEqual({
    mediaType: "text/plain",
    facts: undefined,
  });
});

test("T-31 a preview that would unfold to something large is none", () => {
  expect(isHarmlessPreview(png(64, 64), "image/png")).toBe(true);
  expect(isHarmlessPreview(png(64, 64), "image/webp")).toBe(false);
  expect(isHarmlessPreview(gif(10, 10), "image/gif")).toBe(false);
  expect(isHarmlessPreview(png(1, 1, { claimed: [50_000, 50_000] }), "image/png")).toBe(false);
  expect(isHarmlessPreview(webpHead(1025, 10), "image/webp")).toBe(false);
  expect(isHarmlessPreview(new Uint8Array(), "image/png")).toBe(false);
});
