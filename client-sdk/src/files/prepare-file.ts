import {
  assetPart,
  type AssetLink,
  type Attachment,
  ATTACHMENT_LIMITS,
  type Bytes,
  type FileLink,
  type MediaFacts,
  type Preview,
  type PreviewType,
  Refusal,
} from "@treehouse/protocol";

import {
  describe,
  type FileOctets,
  isHarmlessPreview,
  MEDIA_LIMITS,
  type MediaSource,
  type NoThumbnail,
  type Pictures,
  safeFileName,
  sourceOf,
  tellsPlace,
  type Thumbnail,
  thumbnailOf,
  waveformOf,
  withoutMetadata,
} from "../media/index.ts";
import type { FileAccess, FileStore, Transfer } from "./ports.ts";

/** A file to be sent or kept. What is not given is read from its octets, as far as that goes. */
export type FileWish = {
  /** A `File`, a `Blob`, octets, or anything that they can be read from. */
  readonly file: FileOctets;
  /** By default the name of a `File`. */
  readonly name?: string | undefined;
  /** Counts only where the octets do not tell. */
  readonly mediaType?: string | undefined;
  /** For those who cannot see or hear it. */
  readonly alt?: string | undefined;
  /** To be shown where it stands; by default pictures, recordings and films are. */
  readonly inline?: boolean | undefined;
  /** A recording that was spoken for this conversation. */
  readonly voice?: boolean | undefined;
  /** Loudness from 0 to 255, at most 128 steps; computed from WAV. */
  readonly waveform?: Uint8Array | undefined;
  /** What the program knows and the octets may not tell. */
  readonly durationMs?: number | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Made by the program; otherwise of pictures, where there is a decoder. */
  readonly preview?: { readonly mediaType: PreviewType; readonly bytes: Uint8Array } | undefined;
  /**
   * Sends a photograph without what the camera wrote beside the pixels. Refuses `unsupported` for types
   * of which that cannot be promised. Thumbnails never have any of it.
   */
  readonly stripMetadata?: boolean | undefined;
};

/** What a sender may want to know of a file that went out all the same. */
export type FileNote =
  | { readonly file: string; readonly note: "noThumbnail"; readonly reason: NoThumbnail }
  /** The photograph says where it was taken. */
  | { readonly file: string; readonly note: "tellsPlace" };

export type Prepared = {
  readonly attachment: Attachment;
  readonly link: AssetLink;
  readonly notes: readonly FileNote[];
};

export type Preparing = {
  readonly store: FileStore;
  readonly pictures: () => Promise<Pictures | undefined>;
  readonly access: FileAccess;
  /** For the preview inside the message. */
  readonly previewBytesMax: number;
};

/** Looks at a file, makes what is seen of it before it is fetched, and uploads it. */
export async function prepareFile(
  parts: Preparing,
  wish: FileWish,
  transfer: Transfer,
): Promise<Prepared> {
  const { name } = safeFileName(wish.name ?? nameOf(wish.file) ?? "file");
  const given = sourceOf(wish.file);
  const { mediaType, facts: found } = await describe(given, { name, mediaType: wish.mediaType });
  const isPicture = found?.kind === "image";
  const stripped = wish.stripMetadata === true ? await strip(given, mediaType) : undefined;
  const source = stripped === undefined ? given : sourceOf(stripped);
  const notes: FileNote[] = [];
  if (isPicture && stripped === undefined && (await saysPlace(source))) {
    notes.push({ file: name, note: "tellsPlace" });
  }
  const preview = wish.preview === undefined ? undefined : checkedPreview(wish.preview);
  const thumbnail = isPicture
    ? await thumbnailOf(await parts.pictures(), source, parts.previewBytesMax)
    : undefined;
  if (typeof thumbnail === "string" && preview === undefined) {
    notes.push({ file: name, note: "noThumbnail", reason: thumbnail });
  }
  const small = typeof thumbnail === "string" ? undefined : thumbnail;
  const link = await parts.store.upload(stripped ?? wish.file, {
    ...transfer,
    access: parts.access,
  });
  const voice = wish.voice === true && found?.kind !== "image";
  const attachment: Attachment = {
    link: linkIn(link),
    name,
    mediaType,
    inline: wish.inline ?? found !== undefined,
    facts: factsOf(found, wish),
    alt: wish.alt,
    preview: await previewOf(parts, preview, small),
    blur: small?.blur,
    voice: voice || undefined,
    waveform: await waveform(wish, source, mediaType),
  };
  return { attachment, link, notes };
}

/** The fields of a part in a message. */
export function linkIn(link: AssetLink): FileLink {
  const part = assetPart(link, { contentType: "application/octet-stream" });
  const { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash } = part;
  return { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash };
}

function nameOf(file: FileOctets): string | undefined {
  return file instanceof File ? file.name : undefined;
}

async function strip(source: MediaSource, mediaType: string): Promise<Bytes> {
  const fits = source.size <= MEDIA_LIMITS.pictureBytesMax;
  const octets = fits ? await source.read(0, source.size) : new Uint8Array();
  const stripped = withoutMetadata(octets, mediaType);
  if (stripped !== undefined) return stripped;
  throw new Refusal("unsupported", `nothing can be taken out of this file (${mediaType})`);
}

async function saysPlace(source: MediaSource): Promise<boolean> {
  return tellsPlace(await source.read(0, Math.min(source.size, MEDIA_LIMITS.pictureHeadBytesMax)));
}

function checkedPreview({ mediaType, bytes }: NonNullable<FileWish["preview"]>) {
  const copy = new Uint8Array(bytes);
  if (isHarmlessPreview(copy, mediaType)) return { mediaType, bytes: copy };
  const side = MEDIA_LIMITS.previewSideMax;
  throw new Refusal("malformed", `a preview is a picture of its type, at most ${side} pixels wide`);
}

/** Inside the message if it fits there, otherwise an asset of its own. */
async function previewOf(
  { store, access, previewBytesMax }: Preparing,
  given: { readonly mediaType: PreviewType; readonly bytes: Bytes } | undefined,
  made: Thumbnail | undefined,
): Promise<Preview | undefined> {
  if (given === undefined) return made?.preview;
  if (given.bytes.length <= previewBytesMax) return given;
  return { mediaType: given.mediaType, link: linkIn(await store.upload(given.bytes, { access })) };
}

function factsOf(
  found: MediaFacts | undefined,
  { durationMs, width, height }: FileWish,
): MediaFacts | undefined {
  if (found === undefined) return undefined;
  const { sideMax, durationMsMax } = ATTACHMENT_LIMITS;
  within("durationMs", durationMs, durationMsMax);
  within("width", width, sideMax);
  within("height", height, sideMax);
  const sides = width === undefined || height === undefined ? {} : { width, height };
  return { ...found, ...sides, ...(durationMs === undefined ? {} : { durationMs }) };
}

function within(name: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0 && value <= max)) return;
  throw new Refusal("malformed", `${name} is a whole number from 1 to ${max}`);
}

async function waveform(
  wish: FileWish,
  source: MediaSource,
  mediaType: string,
): Promise<Bytes | undefined> {
  if (wish.waveform !== undefined) return new Uint8Array(wish.waveform);
  return mediaType === "audio/wav" ? waveformOf(source) : undefined;
}
