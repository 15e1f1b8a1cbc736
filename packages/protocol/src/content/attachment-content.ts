import {
  type Attachment,
  ATTACHMENT_LIMITS,
  type FileLink,
  type MediaFacts,
} from "./attachment.ts";
import { padded } from "./padding.ts";
import { Refusal } from "../refusals/index.ts";
import type { CborMap, CborValue } from "./cbor.ts";
import {
  AV_METADATA,
  AV_TYPES,
  FILE_NOTES,
  FILES_EXTENSION,
  AV_METADATA_EXTENSION,
} from "./attachment-fields.ts";
import {
  DISPOSITIONS,
  type ExternalPart,
  type MimiContent,
  type NestedPart,
  type SinglePart,
} from "./mimi-content.ts";

/**
 * FED-870 to FED-875, FED-879: the same message with files, at least one. Its text, unless it is
 * empty, becomes their caption. Refuses `limitExceeded` beyond the bounds.
 */
export function attachmentContent(
  message: MimiContent & { readonly body: SinglePart },
  attachments: readonly Attachment[],
): MimiContent {
  check(attachments);
  const caption = message.body.content.length === 0 ? [] : [message.body];
  const parts: NestedPart[] = [...caption];
  const placed: Placed[] = [];
  for (const of of attachments) {
    // Part 0 is the multipart itself.
    const part = parts.push(filePart(of));
    const preview = previewPart(of);
    placed.push(
      preview === undefined ? { of, part } : { of, part, previewPart: parts.push(preview) },
    );
  }
  const body = {
    kind: "multi",
    disposition: DISPOSITIONS.render,
    language: "",
    semantics: "processAll",
    parts,
  } as const;
  return padded({ ...withNotes(message, placed), body }, attachments.length);
}

type Placed = { readonly of: Attachment; readonly part: number; readonly previewPart?: number };

function filePart({ link, name, mediaType, inline }: Attachment): ExternalPart {
  const disposition = inline ? DISPOSITIONS.inline : DISPOSITIONS.attachment;
  return externalPart(link, { disposition, contentType: mediaType, filename: name });
}

function previewPart({ preview }: Attachment): NestedPart | undefined {
  if (preview === undefined) return undefined;
  const disposition = DISPOSITIONS.preview;
  const contentType = preview.mediaType;
  if ("link" in preview) {
    return externalPart(preview.link, { disposition, contentType, filename: "" });
  }
  return { kind: "single", disposition, language: "", contentType, content: preview.bytes };
}

function externalPart(
  link: FileLink,
  shown: Pick<ExternalPart, "disposition" | "contentType" | "filename">,
): ExternalPart {
  const { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash } = link;
  const opened = { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash };
  return { kind: "external", language: "", description: "", ...opened, ...shown };
}

function withNotes(message: MimiContent, placed: readonly Placed[]): MimiContent {
  const extensions = new Map<number | string, CborValue>(message.extensions);
  set(extensions, AV_METADATA_EXTENSION, placed.flatMap(avMetadata));
  set(extensions, FILES_EXTENSION, placed.flatMap(fileNotes));
  return { ...message, extensions };
}

function set(extensions: Map<number | string, CborValue>, key: string, notes: CborMap[]): void {
  if (notes.length > 0) extensions.set(key, notes);
}

/** An entry of draft-mahy-mimi-av-metadata; durations are milliseconds (FED-871). */
function avMetadata({ of, part, previewPart: preview }: Placed): readonly CborMap[] {
  const { facts, alt } = of;
  if (facts === undefined && preview === undefined && alt === undefined) return [];
  const { kind, width, height, durationMs, rotation }: Partial<MediaFacts> = facts ?? {};
  return [
    present([
      [AV_METADATA.partIndex, part],
      [AV_METADATA.type, kind === undefined ? undefined : AV_TYPES[kind]],
      [AV_METADATA.width, width],
      [AV_METADATA.height, height],
      [AV_METADATA.durationMs, durationMs],
      [AV_METADATA.previewIndex, preview],
      [AV_METADATA.alt, alt],
      [AV_METADATA.rotation, rotation],
    ]),
  ];
}

function fileNotes({ of, part }: Placed): readonly CborMap[] {
  const { blur, waveform, voice, continues } = of;
  const notes = present([
    [FILE_NOTES.partIndex, part],
    [FILE_NOTES.blur, blur],
    [FILE_NOTES.waveform, waveform],
    [FILE_NOTES.voice, voice === true ? true : undefined],
    [FILE_NOTES.continues, continues && [continues.first, continues.previous]],
  ]);
  return notes.size > 1 ? [notes] : [];
}

function present(fields: readonly (readonly [number, CborValue | undefined])[]): CborMap {
  return new Map(fields.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

function check(attachments: readonly Attachment[]): void {
  const { filesMax, previewsBytesMax, previewBytesMax } = ATTACHMENT_LIMITS;
  const { nameMax, altMax, blurBytesMax, waveformMax, mediaTypeMax } = ATTACHMENT_LIMITS;
  atMost("filesMax", attachments.length, filesMax);
  let previews = 0;
  for (const { name, mediaType, alt = "", preview, blur, waveform } of attachments) {
    const octets = preview !== undefined && "bytes" in preview ? preview.bytes.length : 0;
    previews += octets;
    atMost("previewBytesMax", octets, previewBytesMax);
    atMost("nameMax", name.length, nameMax);
    atMost("mediaTypeMax", mediaType.length, mediaTypeMax);
    atMost("altMax", alt.length, altMax);
    atMost("blurBytesMax", blur?.length ?? 0, blurBytesMax);
    atMost("waveformMax", waveform?.length ?? 0, waveformMax);
  }
  atMost("previewsBytesMax", previews, previewsBytesMax);
}

function atMost(limitName: keyof typeof ATTACHMENT_LIMITS, found: number, limit: number): void {
  if (found <= limit) return;
  throw new Refusal("limitExceeded", `a message with files: ${limitName} is ${limit}`, {
    limitName,
    limit,
  });
}
