/** Pictures in Node: sharp, where it is installed; it is an optional dependency. */
import type { Pictures } from "../media/index.ts";
import { MEDIA_LIMITS } from "../media/index.ts";

/** Qualities that are tried until the copy is short enough, and the last one's share of the side. */
const tries = [
  { quality: 70, share: 1 },
  { quality: 50, share: 1 },
  { quality: 40, share: 0.6 },
  { quality: 30, share: 0.4 },
] as const;

/** Undefined when sharp, or its binary for this machine, is not there. */
export async function createSharpPictures(): Promise<Pictures | undefined> {
  let sharp: typeof import("sharp").default;
  try {
    ({ default: sharp } = await import("sharp"));
  } catch {
    return undefined;
  }
  // Every picture comes once: what a cache kept of it would be plaintext for no use.
  sharp.cache(false);
  const decoded = (picture: Uint8Array) =>
    sharp(picture, { limitInputPixels: MEDIA_LIMITS.picturePixelsMax, failOn: "error", pages: 1 })
      .timeout({ seconds: 10 })
      .autoOrient();
  return {
    async shrink(picture, { side, bytesMax, pixelsSide }) {
      try {
        const within = (length: number) =>
          ({ width: length, height: length, fit: "inside", withoutEnlargement: true }) as const;
        const small = await decoded(picture).resize(within(side)).png().toBuffer();
        const { data, info } = await sharp(small)
          .resize(within(pixelsSide))
          .ensureAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        const pixels = { width: info.width, height: info.height, rgba: new Uint8Array(data) };
        let bytes = new Uint8Array();
        for (const { quality, share } of tries) {
          const copy = sharp(small).resize(within(Math.round(side * share)));
          bytes = new Uint8Array(await copy.webp({ quality }).toBuffer());
          if (bytes.length <= bytesMax) break;
        }
        return { mediaType: "image/webp", bytes, pixels };
      } catch {
        // Whatever is wrong with a picture: it is sent without a thumbnail.
        return undefined;
      }
    },
  };
}
