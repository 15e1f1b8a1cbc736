import type { MediaFacts } from "@treehouse/protocol";
import { disableTypes, imageSize, types } from "image-size";

import { MEDIA_LIMITS } from "./media-limits.ts";

/** Types whose header is read; the library's other readers are not for what strangers send. */
const read = ["png", "jpg", "gif", "webp"];
disableTypes(types.filter((type) => !read.includes(type)));

type Sides = { readonly width: number; readonly height: number } & Pick<MediaFacts, "rotation">;

/** Of a picture's first octets; undefined where they do not tell, or tell what cannot be. */
export function pictureSides(head: Uint8Array): Sides | undefined {
  let found: ReturnType<typeof imageSize>;
  try {
    found = imageSize(head);
  } catch {
    // The library throws whatever a broken header leads it to.
    return undefined;
  }
  const { width, height, orientation } = found;
  const fits = [width, height].every(
    (side) => Number.isSafeInteger(side) && side > 0 && side <= MEDIA_LIMITS.sideMax,
  );
  if (!fits) return undefined;
  const rotation = rotations.get(orientation ?? 1);
  return { width, height, ...(rotation === undefined ? {} : { rotation }) };
}

/** By the orientation that cameras write (Exif 2.32); mirrored ones are turned alike. */
const rotations: ReadonlyMap<number, 90 | 180 | 270> = new Map([
  [3, 180],
  [4, 180],
  [5, 90],
  [6, 90],
  [7, 270],
  [8, 270],
]);
