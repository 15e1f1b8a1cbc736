import { type Bytes, utf8Encode } from "../bytes/index.ts";
import { malformed } from "../codec/index.ts";
import {
  type CborValue,
  decodeCbor,
  DISPOSITIONS,
  encodeCbor,
  type ExternalPart,
  fallbackOf,
  itemFromCbor,
  itemToCbor,
  MEDIA_TYPE_TEXT,
  type MimiContent,
  type NestedPart,
  NO_EMOJI,
  type SinglePart,
  STICKER_LIMITS,
  type StickerItem,
} from "../content/index.ts";
import { Refusal } from "../refusals/index.ts";
import { formatPackLink, type PackLink, parsePackLink } from "./pack-link.ts";

export const MEDIA_TYPE_STICKER = "application/vnd.treehouse.sticker";

/** A sticker in a message, with where its file is: in the message itself, or in an asset. */
export type SentSticker = {
  readonly item: StickerItem;
  /** The pack that it is from, if its sender shares that. */
  readonly pack: PackLink | undefined;
  /** A copy of the file; `external` leads to one. */
  readonly file: SinglePart | ExternalPart;
};

const packKey = 9;
/** An item, its emoji. */
const depthMax = 2;

/** The file as a part of the message itself: with the disposition of what is no file to be listed. */
export function inlineFile({ mediaType }: StickerItem, bytes: Bytes): SinglePart {
  const { icon: disposition } = DISPOSITIONS;
  return { kind: "single", disposition, language: "", contentType: mediaType, content: bytes };
}

/** FED-884: a message that is a sticker; `place` gives everything but the body. */
export function stickerContent(place: MimiContent, sticker: SentSticker): MimiContent {
  const { render } = DISPOSITIONS;
  return { ...place, body: chooseOne(render, sticker, fallbackOf(sticker.item)) };
}

/** FED-886: a reaction that clients without custom emoji show as the emoji's first tag. */
export function customReactionContent(
  place: MimiContent,
  target: Bytes,
  emoji: SentSticker,
): MimiContent {
  const fallback = emoji.item.emojis[0] ?? NO_EMOJI;
  return { ...place, inReplyTo: target, body: chooseOne(DISPOSITIONS.reaction, emoji, fallback) };
}

/** FED-885: a text with what its `:name:`s mean. */
export function withCustomEmoji(content: MimiContent, emoji: readonly SentSticker[]): MimiContent {
  if (emoji.length === 0) return content;
  const { body } = content;
  const added = emoji.map((one) => unitOf(DISPOSITIONS.icon, one));
  const isList = body.kind === "multi" && body.semantics === "processAll";
  const parts = [...(isList ? body.parts : [body]), ...added];
  const { disposition, language } = body;
  return {
    ...content,
    body: { kind: "multi", disposition, language, semantics: "processAll", parts },
  };
}

/** The sticker that a message is; undefined for anything else, and for one that breaks a rule. */
export function stickerOf({ body }: MimiContent): SentSticker | undefined {
  return body.disposition === DISPOSITIONS.reaction ? undefined : chosen(body);
}

/** The custom emoji that a reaction is; undefined for another one. */
export function customReactionOf({ body }: MimiContent): SentSticker | undefined {
  return body.disposition === DISPOSITIONS.reaction ? chosen(body) : undefined;
}

/** What the `:name:`s in a text mean, by its sender; of two of one name the first. */
export function customEmojiOf({ body }: MimiContent): readonly SentSticker[] {
  if (body.kind !== "multi" || body.semantics !== "processAll") return [];
  const found = new Map<string, SentSticker>();
  for (const part of body.parts) {
    if (found.size === STICKER_LIMITS.customEmojiPerMessageMax) break;
    const sticker = part.disposition === DISPOSITIONS.icon ? readUnit(part) : undefined;
    const name = sticker?.item.name;
    if (sticker !== undefined && name !== undefined && !found.has(name)) found.set(name, sticker);
  }
  return [...found.values()];
}

function chooseOne(disposition: number, sticker: SentSticker, fallback: string): NestedPart {
  const parts: readonly NestedPart[] = [
    unitOf(disposition, sticker),
    {
      kind: "single",
      disposition,
      language: "",
      contentType: MEDIA_TYPE_TEXT,
      content: utf8Encode(fallback),
    },
  ];
  return { kind: "multi", disposition, language: "", semantics: "chooseOne", parts };
}

/** What the sticker is, and its file: who does not understand both takes neither. */
function unitOf(disposition: number, { item, pack, file }: SentSticker): NestedPart {
  const map = new Map(itemToCbor(item));
  if (pack !== undefined) map.set(packKey, formatPackLink(pack));
  const described: SinglePart = {
    kind: "single",
    disposition,
    language: "",
    contentType: MEDIA_TYPE_STICKER,
    content: encodeCbor(map),
  };
  const parts = [described, file];
  return { kind: "multi", disposition, language: "", semantics: "singleUnit", parts };
}

function chosen(body: NestedPart): SentSticker | undefined {
  if (body.kind !== "multi" || body.semantics !== "chooseOne") return undefined;
  for (const part of body.parts) {
    const sticker = readUnit(part);
    if (sticker !== undefined) return sticker;
  }
  return undefined;
}

/** Whether a part calls itself a sticker, whatever is in it. */
export function isSticker(part: NestedPart): boolean {
  if (part.kind !== "multi" || part.semantics !== "singleUnit") return false;
  const [described] = part.parts;
  return described?.kind === "single" && described.contentType === MEDIA_TYPE_STICKER;
}

function readUnit(part: NestedPart): SentSticker | undefined {
  if (part.kind !== "multi" || !isSticker(part)) return undefined;
  const [described, file, more] = part.parts;
  if (described?.kind !== "single" || more !== undefined) return undefined;
  if (file?.kind !== "single" && file?.kind !== "external") return undefined;
  try {
    const value = decodeCbor(described.content, depthMax);
    const item = itemFromCbor(value);
    const pack = value instanceof Map ? linkIn(value.get(packKey)) : undefined;
    if (file.contentType !== item.mediaType) throw malformed("a file of another type");
    if (file.kind === "single" && file.content.length !== item.size) {
      throw malformed("a file of another size");
    }
    return { item, file, pack };
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function linkIn(value: CborValue | undefined): PackLink | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw malformed("a link that is no text");
  return parsePackLink(value);
}
