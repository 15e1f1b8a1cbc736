import {
  customEmojiOf,
  customReactionOf,
  formatPackLink,
  type MimiContent,
  type SentSticker,
  type StickerItem,
  type StickerMediaType,
  stickerOf,
  toHex,
} from "@treehouse/protocol";

import type { HistoryRow } from "../groups/index.ts";
import { decodeStored } from "./read-content.ts";

/** A sticker as it is described; its file is compared with that before it is handed out. */
export type StickerInfo = {
  /** Hex of the file's SHA-256: the same sticker in whichever pack it is. */
  readonly id: string;
  /** `:name:` in texts. */
  readonly name: string | undefined;
  /** What it stands for, the most fitting first. */
  readonly emojis: readonly string[];
  readonly mediaType: StickerMediaType;
  readonly width: number;
  readonly height: number;
  /** Undefined: it does not move. */
  readonly durationMs: number | undefined;
  /** Octets. */
  readonly size: number;
};

/** A sticker or custom emoji in a message. */
export type MessageSticker = StickerInfo & {
  /** A link to the pack that it is from, if its sender shares that. */
  readonly pack: string | undefined;
};

export function stickerInfo({ hash, ...item }: StickerItem): StickerInfo {
  const { name, emojis, mediaType, width, height, durationMs, size } = item;
  return { id: toHex(hash), name, emojis, mediaType, width, height, durationMs, size };
}

export function messageSticker({ item, pack }: SentSticker): MessageSticker {
  return { ...stickerInfo(item), pack: pack && formatPackLink(pack) };
}

/** All stickers and custom emoji of a message, of its versions, and of what was said to it. */
export function stickersIn(row: HistoryRow): readonly SentSticker[] {
  if (row.kind !== "content") return [];
  const contents = [row.body, ...row.changes.map(({ body }) => body)];
  return contents.flatMap((body) => stickersOf(decodeStored(body).parsed));
}

/** The stickers of one content: it is one, or a reaction by one, or a text with custom emoji. */
export function stickersOf(content: MimiContent): readonly SentSticker[] {
  const one = stickerOf(content) ?? customReactionOf(content);
  return one === undefined ? customEmojiOf(content) : [one];
}
