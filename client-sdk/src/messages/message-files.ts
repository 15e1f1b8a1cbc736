import {
  type AssetLink,
  assetLinkOf,
  type Attachment,
  attachmentsOf,
  type Bytes,
  type FileLink,
  type MimiContent,
  type PreviewType,
  type RoomUri,
  toHex,
  userOfClient,
} from "@treehouse/protocol";

import { isHarmlessPreview, safeFileName } from "../media/index.ts";
import type { FilesReader } from "../storage/index.ts";
import { decodeStored } from "./read-content.ts";
import { stickersOf } from "./stickers.ts";

/** What a file is to be shown as. */
export type FileKind = "image" | "audio" | "video" | "voice" | "file";

/** What is odd about a file, and was put right or left out. */
export type FileFlag =
  /** Its sender suggests a name that no folder should have, or that deceives the eye. */
  | "renamed"
  /** Its preview would not be a small picture. */
  | "previewRefused"
  /** It lies nowhere that this client fetches from. */
  | "elsewhere";

/**
 * A file of a message, as its sender describes it: nothing of that is proved before the file is here.
 * A value; `client.files` opens it.
 */
export type MessageFile = {
  /** Where it lies, with its key; undefined for what this client cannot fetch. */
  readonly link: AssetLink | undefined;
  readonly kind: FileKind;
  /** Fit to be shown, and to be used within one folder. */
  readonly name: string;
  readonly mediaType: string;
  /** Octets. */
  readonly size: number;
  /** To be shown where it stands. */
  readonly inline: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Degrees by which it is to be turned, clockwise, to be upright. */
  readonly rotation: 90 | 180 | 270 | undefined;
  readonly durationMs: number | undefined;
  /** For those who cannot see or hear it. */
  readonly alt: string | undefined;
  /** A small picture of it, here already. */
  readonly preview: { readonly mediaType: PreviewType; readonly bytes: Bytes } | undefined;
  /** A small picture of it that is to be fetched. */
  readonly previewLink: AssetLink | undefined;
  /** A ThumbHash: drawn as a blur until the preview is there. */
  readonly blur: Bytes | undefined;
  /** Loudness from 0 to 255 in equal steps. */
  readonly waveform: Bytes | undefined;
  readonly flags: readonly FileFlag[];
};

export type MessageFiles = {
  readonly files: readonly MessageFile[];
  /** The sender said more of them, or otherwise, than anybody is to believe. */
  readonly refused: boolean;
  /** The messages of which this one holds a new version. */
  readonly versionOf: { readonly first: string; readonly previous: string } | undefined;
};

export function filesOf(content: MimiContent, room: RoomUri): MessageFiles {
  const { files, refused } = attachmentsOf(content);
  return {
    files: files.map((file) => messageFile(file, room)),
    refused,
    versionOf: versionIn(files),
  };
}

/** Of a stored content, for the store's index. */
export const filesReader: FilesReader = ({ room, body }) => {
  const { sender, parsed } = decodeStored(body);
  const { files } = attachmentsOf(parsed);
  const held = stickersOf(parsed).flatMap(({ file }) =>
    file.kind === "external" ? (assetLinkOf(file, room)?.uri ?? []) : [],
  );
  if (files.length === 0 && held.length === 0) return undefined;
  const uris = files.map(({ link }) => linkIn(link, room)?.uri ?? "");
  return { sender: userOfClient(sender), uris, held, continues: versionIn(files) };
};

/** Only a message with one file can be a version of another one's. */
function versionIn(files: readonly Attachment[]): MessageFiles["versionOf"] {
  const [only, another] = files;
  if (only?.continues === undefined || another !== undefined) return undefined;
  const { first, previous } = only.continues;
  return { first: toHex(first), previous: toHex(previous) };
}

function messageFile(file: Attachment, room: RoomUri): MessageFile {
  const { mediaType, alt, blur, waveform, inline, preview } = file;
  const link = linkIn(file.link, room);
  const { name, changed } = safeFileName(file.name);
  const kind = kindOf(file);
  // What is said of a picture counts for pictures alone.
  const facts = file.facts?.kind === kind || kind === "voice" ? file.facts : undefined;
  const inside = preview !== undefined && "bytes" in preview ? preview : undefined;
  const drawn = inside !== undefined && isHarmlessPreview(inside.bytes, inside.mediaType);
  const beside = preview !== undefined && "link" in preview ? preview.link : undefined;
  const flags: readonly (FileFlag | undefined)[] = [
    changed ? "renamed" : undefined,
    inside !== undefined && !drawn ? "previewRefused" : undefined,
    link === undefined ? "elsewhere" : undefined,
  ];
  return {
    link,
    kind,
    name,
    mediaType,
    size: file.link.size,
    inline,
    width: facts?.width,
    height: facts?.height,
    rotation: facts?.rotation,
    durationMs: facts?.durationMs,
    alt,
    preview: drawn ? { mediaType: inside.mediaType, bytes: inside.bytes } : undefined,
    previewLink: beside === undefined ? undefined : linkIn(beside, room),
    blur,
    waveform,
    flags: flags.filter((flag) => flag !== undefined),
  };
}

/** By the media type; a drawing that can hold scripts is a file to be saved. */
function kindOf({ mediaType, voice, facts }: Attachment): FileKind {
  const [kind] = mediaType.split("/");
  if (kind === "audio") return voice === true ? "voice" : "audio";
  if (kind === "video") return facts?.kind === "audio" && voice === true ? "voice" : "video";
  return kind === "image" && mediaType !== "image/svg+xml" ? "image" : "file";
}

function linkIn(link: FileLink, room: RoomUri): AssetLink | undefined {
  const shown = { disposition: 0, language: "", contentType: "", description: "", filename: "" };
  return assetLinkOf({ kind: "external", ...shown, ...link }, room);
}
