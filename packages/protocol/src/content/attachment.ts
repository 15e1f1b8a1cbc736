import type { Bytes } from "../bytes/index.ts";
import { KIB } from "../units.ts";
import type { ExternalPart } from "./mimi-content.ts";

/**
 * Bounds of what a message says of its files. A sender refuses to say more; a receiver passes over
 * what is beyond them and says so (FED-872).
 */
export const ATTACHMENT_LIMITS = {
  /** Files of one message. */
  filesMax: 32,
  /** A preview that travels inside the message. */
  previewBytesMax: 12 * KIB,
  /** All of a message's previews. */
  previewsBytesMax: 40 * KIB,
  /** Width or height that is believed. */
  sideMax: 100_000,
  /** Milliseconds that are believed: a month. */
  durationMsMax: 31 * 24 * 3600 * 1000,
  /** UTF-16 units of a file's name. */
  nameMax: 255,
  /** UTF-16 units of the text for those who cannot see or hear it. */
  altMax: 1000,
  /** Octets of a ThumbHash. */
  blurBytesMax: 32,
  /** Samples of a waveform, an octet each. */
  waveformMax: 128,
  /** UTF-16 units of a media type. */
  mediaTypeMax: 127,
} as const;

/** Where the octets of a file lie, and what opens them: the fields of an ExternalPart. */
export type FileLink = Pick<
  ExternalPart,
  "url" | "expires" | "size" | "encAlg" | "key" | "nonce" | "aad" | "hashAlg" | "contentHash"
>;

/** What a picture, a recording or a film is, as its sender says. */
export type MediaFacts = {
  readonly kind: "image" | "audio" | "video";
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly durationMs?: number | undefined;
  /** Degrees by which it is to be turned, clockwise, to be upright. */
  readonly rotation?: 90 | 180 | 270 | undefined;
};

/** A small picture of a file, in the message itself or beside the file. */
export type Preview = { readonly mediaType: PreviewType } & (
  | { readonly bytes: Bytes }
  | { readonly link: FileLink }
);

export const previewTypes = ["image/webp", "image/jpeg", "image/png"] as const;
export type PreviewType = (typeof previewTypes)[number];

/** A file of a message (FED-870). */
export type Attachment = {
  readonly link: FileLink;
  /** Suggested by the sender; nothing to make a path of. */
  readonly name: string;
  readonly mediaType: string;
  /** To be shown where it stands, not to be offered for download. */
  readonly inline: boolean;
  readonly facts?: MediaFacts | undefined;
  /** For those who cannot see or hear it. */
  readonly alt?: string | undefined;
  readonly preview?: Preview | undefined;
  /** A ThumbHash: a few octets that are drawn as a blurred picture. */
  readonly blur?: Bytes | undefined;
  /** Spoken into a microphone, to be played in the conversation. */
  readonly voice?: boolean | undefined;
  /** Loudness from 0 to 255 in equal steps over the whole recording. */
  readonly waveform?: Bytes | undefined;
  /** The file that it is a new version of, by the ids of messages (FED-875). */
  readonly continues?: Continued | undefined;
};

export type Continued = {
  /** Of the message with the first version. */
  readonly first: Bytes;
  /** Of the message with the version that was changed. */
  readonly previous: Bytes;
};
