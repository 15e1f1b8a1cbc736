import { type Bytes, concatBytes } from "@treehouse/protocol";

import { pictureSides } from "./picture-sides.ts";

/** Whether a photograph says where it was taken (a GPS directory in its Exif). */
export function tellsPlace(picture: Uint8Array): boolean {
  for (const { marker, data } of jpegSegments(picture)?.segments ?? []) {
    if (marker === 0xe1 && textAt(data, 0, "Exif\0\0") && hasGps(data.subarray(6))) return true;
  }
  return false;
}

/**
 * The same picture, pixel by pixel, without what cameras and programs write beside it: place, time,
 * device, author, comments, small pictures. Which way is up, and the colours' profile, stay.
 * Undefined for types of which this cannot be promised.
 */
export function withoutMetadata(picture: Uint8Array, mediaType: string): Bytes | undefined {
  switch (mediaType) {
    case "image/jpeg":
      return strippedJpeg(picture);
    case "image/png":
      return strippedPng(picture);
    case "image/webp":
      return strippedWebp(picture);
    case "image/gif":
    default:
      return undefined;
  }
}

type Segment = { readonly marker: number; readonly data: Uint8Array; readonly whole: Uint8Array };

/** The segments before the first scan, and everything from there on. */
function jpegSegments(
  picture: Uint8Array,
): { readonly segments: readonly Segment[]; readonly scan: Uint8Array } | undefined {
  if (picture[0] !== 0xff || picture[1] !== 0xd8) return undefined;
  const segments: Segment[] = [];
  let at = 2;
  while (at + 4 <= picture.length) {
    const marker = picture[at + 1] ?? 0;
    if (picture[at] !== 0xff) return undefined;
    if (marker === 0xda) return { segments, scan: picture.subarray(at) };
    const length = viewOf(picture).getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > picture.length) return undefined;
    const [data, whole] = [picture.subarray(at + 4, end), picture.subarray(at, end)];
    segments.push({ marker, data, whole });
    at = end;
  }
  return undefined;
}

function strippedJpeg(picture: Uint8Array): Bytes | undefined {
  const parts = jpegSegments(picture);
  const end = parts === undefined ? -1 : endOfScans(parts.scan);
  if (parts === undefined || end < 0) return undefined;
  const kept = parts.segments.filter(({ marker, data }) => {
    // Of the application's segments: JFIF, the colours' profile, and how Adobe encodes colours.
    if (marker === 0xe0) return textAt(data, 0, "JFIF\0");
    if (marker === 0xe2) return textAt(data, 0, "ICC_PROFILE\0");
    if (marker === 0xee) return textAt(data, 0, "Adobe");
    return (marker < 0xe0 || marker > 0xef) && marker !== 0xfe;
  });
  const [first, ...others] = kept.map(({ whole }) => whole);
  if (first === undefined) return undefined;
  const upright = orientationSegment(pictureSides(picture)?.rotation);
  // JFIF has to be the first segment where it is there.
  const jfif = kept[0]?.marker === 0xe0;
  const head = jfif ? [first, upright, ...others] : [upright, first, ...others];
  // What follows the picture's end is no part of it: some telephones keep a film there.
  return concatBytes(picture.subarray(0, 2), ...head, parts.scan.subarray(0, end));
}

/**
 * The offset behind the end-of-image marker; -1 where there is none. In a scan 0xff stands before
 * what is no data; segments between scans are passed over by their length.
 */
function endOfScans(scan: Uint8Array): number {
  for (let at = 0; at + 1 < scan.length; at += 1) {
    const marker = scan[at] === 0xff ? (scan[at + 1] ?? 0) : 0;
    if (marker === 0xd9) return at + 2;
    // 0 and 0xff are data and filling; 0xd0 to 0xd7 stand alone between pieces of data.
    if (marker < 0xc0 || marker === 0xff || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (at + 4 > scan.length) return -1;
    at += 1 + viewOf(scan).getUint16(at + 2);
  }
  return -1;
}

/** An Exif segment that tells which way is up, and nothing else. */
function orientationSegment(rotation: 90 | 180 | 270 | undefined): Uint8Array {
  if (rotation === undefined) return new Uint8Array();
  const orientation = { 90: 6, 180: 3, 270: 8 }[rotation];
  const segment = new Uint8Array(36);
  segment.set([0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0]);
  segment.set([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation], 10);
  return segment;
}

/** Looks for the tag of a GPS directory in the first directory of a TIFF. */
function hasGps(tiff: Uint8Array): boolean {
  if (tiff.length < 14) return false;
  const little = textAt(tiff, 0, "II");
  const view = viewOf(tiff);
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return false;
  const count = view.getUint16(start, little);
  for (let field = 0; field < count; field += 1) {
    const at = start + 2 + field * 12;
    if (at + 12 > tiff.length) return false;
    if (view.getUint16(at, little) === 0x8825) return true;
  }
  return false;
}

/** Chunks without which a PNG looks otherwise; every other one may hold text. */
const pngKept = [
  "IHDR",
  "PLTE",
  "IDAT",
  "IEND",
  "tRNS",
  "gAMA",
  "cHRM",
  "sRGB",
  "iCCP",
  "cICP",
].concat(["sBIT", "bKGD", "pHYs", "acTL", "fcTL", "fdAT"]);

function strippedPng(picture: Uint8Array): Bytes | undefined {
  const kept: Uint8Array[] = [picture.subarray(0, 8)];
  for (let at = 8; at + 12 <= picture.length;) {
    const end = at + 12 + viewOf(picture).getUint32(at);
    if (end > picture.length) return undefined;
    const name = String.fromCharCode(...picture.subarray(at + 4, at + 8));
    if (pngKept.includes(name)) kept.push(picture.subarray(at, end));
    if (name === "IEND") return concatBytes(...kept);
    at = end;
  }
  return undefined;
}

function strippedWebp(picture: Uint8Array): Bytes | undefined {
  const view = viewOf(picture);
  if (picture.length < 20) return undefined;
  const whole = Math.min(picture.length, 8 + view.getUint32(4, true));
  const kept: Uint8Array[] = [];
  for (let at = 12; at + 8 <= whole;) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    if (end > whole) return undefined;
    const name = String.fromCharCode(...picture.subarray(at, at + 4));
    const chunk = new Uint8Array(picture.subarray(at, end));
    // The flags for Exif and XMP go with them.
    if (name === "VP8X" && length > 0) chunk[8] = (chunk[8] ?? 0) & ~0x0c;
    if (name !== "EXIF" && name !== "XMP ") kept.push(chunk);
    at = end;
  }
  const body = concatBytes(picture.subarray(8, 12), ...kept);
  const head = new Uint8Array(8);
  head.set(picture.subarray(0, 4));
  viewOf(head).setUint32(4, body.length, true);
  return concatBytes(head, body);
}

function textAt(octets: Uint8Array, offset: number, text: string): boolean {
  return Array.from(text).every((sign, at) => octets[offset + at] === sign.charCodeAt(0));
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}
