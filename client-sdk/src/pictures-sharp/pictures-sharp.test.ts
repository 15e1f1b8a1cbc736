import { thumbHashToApproximateAspectRatio } from "thumbhash";
import { expect, test } from "vitest";

import { png } from "../../test/world/samples.ts";
import { isHarmlessPreview, sourceOf, thumbnailOf } from "../media/index.ts";
import { createSharpPictures } from "./index.ts";

const pictures = await createSharpPictures();

test("R-083 without a decoder there is no thumbnail, and that is said", async () => {
  expect(await thumbnailOf(undefined, sourceOf(png(4, 4)), 8192)).toBe("noDecoder");
});

test.skipIf(pictures === undefined)(
  "R-083 a thumbnail is small in every way, and its blur has the shape of the picture",
  async () => {
    const thumbnail = await thumbnailOf(pictures, sourceOf(png(1200, 600)), 8192);
    if (typeof thumbnail === "string") throw new Error(thumbnail);
    const { preview, blur } = thumbnail;
    if (preview === undefined || blur === undefined) throw new Error("there is no thumbnail");
    expect(preview.bytes.length).toBeLessThanOrEqual(8192);
    expect(isHarmlessPreview(preview.bytes, preview.mediaType)).toBe(true);
    expect(thumbHashToApproximateAspectRatio(blur)).toBeGreaterThan(1.5);
  },
);

test.skipIf(pictures === undefined)(
  "T-31 a bomb is not decoded, and what is none is passed over",
  async () => {
    const of = (octets: Uint8Array) => thumbnailOf(pictures, sourceOf(octets), 8192);
    expect(await of(png(4, 4, { claimed: [60_000, 60_000] }))).toBe("tooLarge");
    expect(await of(png(4, 4, { claimed: [4000, 4000] }))).toBe("notDecodable");
    expect(await of(png(4, 4).subarray(0, 40))).toBe("notDecodable");
    expect(await of(new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"))).toBe(
      "notDecodable",
    );
  },
);
