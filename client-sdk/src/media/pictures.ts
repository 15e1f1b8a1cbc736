import { ATTACHMENT_LIMITS, type Bytes, type PreviewType } from "@treehouse/protocol";
import { rgbaToThumbHash } from "thumbhash";

import { MEDIA_LIMITS } from "./media-limits.ts";
import { pictureSides } from "./picture-sides.ts";
import type { MediaSource } from "./source.ts";

/** What a machine brings that can decode and draw pictures: sharp in Node, a canvas in a browser. */
export interface Pictures {
  /**
   * A copy of a picture that fits into a square of `side`, upright, without anything that stood
   * beside the pixels, and in at most `bytesMax` octets; with it the pixels of one that fits into
   * `pixelsSide`. Undefined when the octets are no picture that this machine can decode.
   */
  shrink(
    picture: Uint8Array,
    wish: { readonly side: number; readonly bytesMax: number; readonly pixelsSide: number },
  ): Promise<Shrunk | undefined>;
}

export type Shrunk = {
  readonly mediaType: PreviewType;
  readonly bytes: Bytes;
  readonly pixels: { readonly width: number; readonly height: number; readonly rgba: Uint8Array };
};

/** A small picture to be seen before the file is there, and the blur that is drawn before it. */
export type Thumbnail = {
  readonly preview: { readonly mediaType: PreviewType; readonly bytes: Bytes } | undefined;
  readonly blur: Bytes | undefined;
};

/** Why a picture goes out without a thumbnail. */
export type NoThumbnail = "noDecoder" | "tooLarge" | "notDecodable";

const side = 320;
/** What a ThumbHash is computed of, at most. */
const pixelsSide = 100;

/** Of a picture that its own header and length say is not too large to be decoded here. */
export async function thumbnailOf(
  pictures: Pictures | undefined,
  source: MediaSource,
  bytesMax: number,
): Promise<Thumbnail | NoThumbnail> {
  if (pictures === undefined) return "noDecoder";
  const { pictureBytesMax, picturePixelsMax } = MEDIA_LIMITS;
  if (source.size > pictureBytesMax) return "tooLarge";
  const octets = await source.read(0, source.size);
  const sides = pictureSides(octets);
  if (sides !== undefined && sides.width * sides.height > picturePixelsMax) return "tooLarge";
  const wish = { side, bytesMax, pixelsSide };
  const shrunk = sides === undefined ? undefined : await pictures.shrink(octets, wish);
  if (shrunk === undefined) return "notDecodable";
  const { mediaType, bytes, pixels } = shrunk;
  const blur = new Uint8Array(rgbaToThumbHash(pixels.width, pixels.height, pixels.rgba));
  const fits = bytes.length <= bytesMax;
  return {
    preview: fits ? { mediaType, bytes } : undefined,
    blur: blur.length <= ATTACHMENT_LIMITS.blurBytesMax ? blur : undefined,
  };
}
