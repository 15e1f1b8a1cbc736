import {
  type Attachment,
  ATTACHMENT_LIMITS,
  type Continued,
  type FileLink,
  type MediaFacts,
  type Preview,
  previewTypes,
} from "./attachment.ts";
import {
  AV_METADATA,
  AV_METADATA_EXTENSION,
  AV_TYPES,
  FILE_NOTES,
  FILES_EXTENSION,
} from "./attachment-fields.ts";
import { type CborMap, type CborValue, isArray, isBytes, isMap } from "./cbor.ts";
import {
  DISPOSITIONS,
  type ExternalPart,
  type MimiContent,
  type NestedPart,
} from "./mimi-content.ts";

/** What a message's sender says of its files; all of it untrusted, all of it within the bounds. */
export type Attachments = {
  readonly files: readonly Attachment[];
  /** Something was said beyond the bounds or in another form, and passed over (FED-872). */
  readonly refused: boolean;
};

/** The files of a message (FED-870 to FED-875), in the order of its parts. Never throws. */
export function attachmentsOf(content: MimiContent): Attachments {
  const parts = numbered(content.body);
  const found = parts.flatMap(({ part, index, shown }) =>
    shown && part.kind === "external" && isFile(part) ? [{ part, index }] : [],
  );
  const taken = found.slice(0, ATTACHMENT_LIMITS.filesMax);
  const look = createLook(found.length > taken.length);
  const av = notesAt(content, AV_METADATA_EXTENSION, look);
  const own = notesAt(content, FILES_EXTENSION, look);
  let previews = 0;
  const files = taken.map(({ part, index }): Attachment => {
    const seen = av.get(index);
    const preview = previewIn(parts, seen, look);
    const octets = preview !== undefined && "bytes" in preview ? preview.bytes.length : 0;
    const fits = previews + octets <= ATTACHMENT_LIMITS.previewsBytesMax;
    if (fits) previews += octets;
    else look.refuse();
    return {
      link: linkOf(part),
      name: look.text(part.filename, ATTACHMENT_LIMITS.nameMax) ?? "",
      mediaType: mediaTypeOf(part, look),
      inline: part.disposition === DISPOSITIONS.inline,
      facts: factsOf(seen, look),
      alt: look.text(seen?.get(AV_METADATA.alt), ATTACHMENT_LIMITS.altMax),
      preview: fits ? preview : undefined,
      ...notesOf(own.get(index), look),
    };
  });
  return { files, refused: look.refused() };
}

/** Whether it has any, without a look at what is said of them. */
export function hasFiles({ body }: MimiContent): boolean {
  return numbered(body).some(({ part, shown }) => shown && isFile(part));
}

type Numbered = {
  readonly part: NestedPart;
  readonly index: number;
  /** Not an alternative to one that comes before it. */
  readonly shown: boolean;
};

/** All parts in the order of MIMI's part indexes: depth first, containers counted. */
function numbered(body: NestedPart): readonly Numbered[] {
  const all: Numbered[] = [];
  const visit = (part: NestedPart, shown: boolean): void => {
    all.push({ part, index: all.length, shown });
    if (part.kind !== "multi") return;
    let chosen = false;
    for (const inner of part.parts) {
      const alternative = part.semantics === "chooseOne" && chosen;
      visit(inner, shown && !alternative);
      chosen = true;
    }
  };
  visit(body, true);
  return all;
}

const notFiles: readonly number[] = [
  DISPOSITIONS.reaction,
  DISPOSITIONS.profile,
  DISPOSITIONS.icon,
  DISPOSITIONS.session,
  DISPOSITIONS.preview,
];

/** A conference has no content type, and what only stands for something else is no file. */
function isFile(part: NestedPart): part is ExternalPart {
  return (
    part.kind === "external" && part.contentType !== "" && !notFiles.includes(part.disposition)
  );
}

function linkOf(part: ExternalPart): FileLink {
  const { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash } = part;
  return { url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash };
}

/** Type and subtype as RFC 6838 has them; parameters are not for us. */
const mediaTypeForm = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*/;
const anyOctets = "application/octet-stream";

function mediaTypeOf({ contentType }: ExternalPart, look: Look): string {
  const [type] = mediaTypeForm.exec(contentType.toLowerCase().slice(0, 300)) ?? [];
  if (type !== undefined && type.length <= ATTACHMENT_LIMITS.mediaTypeMax) return type;
  look.refuse();
  return anyOctets;
}

function factsOf(seen: CborMap | undefined, look: Look): MediaFacts | undefined {
  const code = seen?.get(AV_METADATA.type);
  if (seen === undefined || code === undefined) return undefined;
  const kind = (["audio", "image", "video"] as const).find((one) => AV_TYPES[one] === code);
  if (kind === undefined) {
    look.refuse();
    return undefined;
  }
  const width = look.uint(seen.get(AV_METADATA.width), ATTACHMENT_LIMITS.sideMax);
  const height = look.uint(seen.get(AV_METADATA.height), ATTACHMENT_LIMITS.sideMax);
  // One side alone is the shape of nothing.
  const whole = width !== undefined && height !== undefined && width > 0 && height > 0;
  if (!whole && (width ?? height) !== undefined) look.refuse();
  return {
    kind,
    ...(whole ? { width, height } : {}),
    durationMs: look.uint(seen.get(AV_METADATA.durationMs), ATTACHMENT_LIMITS.durationMsMax),
    rotation: rotationOf(seen.get(AV_METADATA.rotation), look),
  };
}

function rotationOf(value: CborValue | undefined, look: Look): 90 | 180 | 270 | undefined {
  if (value === undefined || value === 0) return undefined;
  if (value === 90 || value === 180 || value === 270) return value;
  look.refuse();
  return undefined;
}

function previewIn(
  parts: readonly Numbered[],
  seen: CborMap | undefined,
  look: Look,
): Preview | undefined {
  const index = seen?.get(AV_METADATA.previewIndex);
  if (index === undefined) return undefined;
  const part = typeof index === "number" ? parts[index]?.part : undefined;
  if (part === undefined || part.disposition !== DISPOSITIONS.preview) return look.refuse();
  if (part.kind !== "single" && part.kind !== "external") return look.refuse();
  const mediaType = previewTypes.find((type) => type === part.contentType);
  if (mediaType === undefined) return look.refuse();
  if (part.kind === "external") return { mediaType, link: linkOf(part) };
  const bytes = look.octets(part.content, ATTACHMENT_LIMITS.previewBytesMax);
  return bytes === undefined ? undefined : { mediaType, bytes };
}

function notesOf(
  notes: CborMap | undefined,
  look: Look,
): Pick<Attachment, "blur" | "waveform" | "voice" | "continues"> {
  if (notes === undefined) return {};
  const { blurBytesMax, waveformMax } = ATTACHMENT_LIMITS;
  return {
    blur: look.octets(notes.get(FILE_NOTES.blur), blurBytesMax),
    waveform: look.octets(notes.get(FILE_NOTES.waveform), waveformMax),
    voice: notes.get(FILE_NOTES.voice) === true || undefined,
    continues: continuedOf(notes.get(FILE_NOTES.continues), look),
  };
}

function continuedOf(value: CborValue | undefined, look: Look): Continued | undefined {
  if (value === undefined) return undefined;
  const [first, previous, ...more] = isArray(value) ? value : [];
  if (more.length > 0 || !isId(first) || !isId(previous)) return look.refuse();
  return { first, previous };
}

/** FED-804. */
function isId(value: CborValue | undefined): value is Uint8Array<ArrayBuffer> {
  return isBytes(value) && value.length === 32 && value[0] === 1;
}

/** The maps of an extension by the part that each describes; the first for a part counts. */
function notesAt(
  { extensions }: MimiContent,
  key: string,
  look: Look,
): ReadonlyMap<number, CborMap> {
  const list = extensions.get(key);
  const found = new Map<number, CborMap>();
  if (list === undefined) return found;
  if (!isArray(list)) {
    look.refuse();
    return found;
  }
  for (const one of list) {
    const part = isMap(one) ? one.get(1) : undefined;
    if (isMap(one) && typeof part === "number" && !found.has(part)) found.set(part, one);
    else look.refuse();
  }
  return found;
}

/** Takes values within bounds, and remembers whether any was not. */
type Look = ReturnType<typeof createLook>;

function createLook(already: boolean) {
  let refused = already;
  const refuse = (): undefined => void (refused = true);
  const take = <T>(value: CborValue | undefined, fits: T | undefined): T | undefined => {
    if (value !== undefined && fits === undefined) refused = true;
    return fits;
  };
  return {
    refuse,
    refused: () => refused,
    uint: (value: CborValue | undefined, max: number) =>
      take(value, typeof value === "number" && value >= 0 && value <= max ? value : undefined),
    octets: (value: CborValue | undefined, max: number) =>
      take(value, isBytes(value) && value.length > 0 && value.length <= max ? value : undefined),
    text: (value: CborValue | undefined, max: number) =>
      take(value, typeof value === "string" && value.length <= max ? value : undefined),
  };
}
