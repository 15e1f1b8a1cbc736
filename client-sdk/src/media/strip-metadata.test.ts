import { expect, test } from "vitest";

import { jpegHead, png, webpHead, withPlace, withText } from "../../test/world/samples.ts";
import { pictureSides } from "./picture-sides.ts";
import { tellsPlace, withoutMetadata } from "./strip-metadata.ts";

const holds = (octets: Uint8Array | undefined, text: string) =>
  Buffer.from(octets ?? []).includes(text);

test("R-083 a photograph loses its place and keeps which way is up", () => {
  const photograph = withPlace(jpegHead(640, 480, 6));
  expect([tellsPlace(photograph), tellsPlace(jpegHead(2, 2, 6))]).toEqual([true, false]);
  expect(holds(photograph, "canary")).toBe(true);
  const stripped = withoutMetadata(photograph, "image/jpeg");
  expect([tellsPlace(stripped ?? photograph), holds(stripped, "canary")]).toEqual([false, false]);
  expect(pictureSides(stripped ?? new Uint8Array())).toEqual({
    width: 640,
    height: 480,
    rotation: 90,
  });
});

test("R-083 texts beside the pixels of PNG and WebP go", () => {
  const drawn = withText(png(3, 2), "image/png");
  expect(holds(drawn, "canary")).toBe(true);
  expect([...(withoutMetadata(drawn, "image/png") ?? [])]).toEqual([...png(3, 2)]);
  const web = withText(webpHead(30, 20), "image/webp");
  expect(holds(web, "canary")).toBe(true);
  expect([...(withoutMetadata(web, "image/webp") ?? [])]).toEqual([...webpHead(30, 20)]);
  expect(withoutMetadata(png(1, 1), "image/heic")).toBeUndefined();
});
