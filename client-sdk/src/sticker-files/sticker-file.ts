import {
  checkStickerLimit,
  malformed,
  STICKER_LIMITS,
  type StickerMediaType,
} from "@treehouse/protocol";

/** What a file's own octets say, all within `STICKER_LIMITS`. */
export type StickerFile = {
  readonly mediaType: StickerMediaType;
  readonly width: number;
  readonly height: number;
  /** Undefined: it does not move. */
  readonly durationMs: number | undefined;
  readonly frames: number;
};

export type Size = { readonly width: number; readonly height: number };

/** Refuses sides that are none, or too long. */
export function checkSize({ width, height }: Size): void {
  if (!(width >= 1 && height >= 1)) throw malformed("a picture without pixels");
  checkStickerLimit("sideMax", Math.max(width, height), "the picture");
}

/** Refuses a part of a picture that is not inside of it. */
export function checkInside(
  part: Size & { readonly x: number; readonly y: number },
  { width, height }: Size,
): void {
  if (part.width < 1 || part.height < 1) throw malformed("a frame without pixels");
  if (part.x + part.width > width || part.y + part.height > height) {
    throw malformed("a frame that is larger than its picture");
  }
}

/** Refuses what is too many frames, too long, or too fast. */
export function checkMotion(frames: number, durationMs: number): void {
  checkStickerLimit("framesMax", frames, "the number of frames");
  checkStickerLimit("durationMaxMs", durationMs, "the duration in milliseconds");
  // A frame begins at 0: the last of those of one second begins before the second is over.
  const framesMax = Math.ceil((durationMs / 1000) * STICKER_LIMITS.framesPerSecondMax) + 1;
  if (frames <= framesMax) return;
  checkStickerLimit(
    "framesPerSecondMax",
    Math.ceil((frames * 1000) / Math.max(durationMs, 1)),
    "the number of frames in a second",
  );
}
