import type { Message, MessageSticker, StickerInfo } from "@treehouse/client-sdk";
import { oneLine } from "../output.ts";

/** A sticker at a glance: `sticker 👍 :thumb_up:`. */
export function stickerText({ emojis, name }: StickerInfo): string {
  const called = name === undefined ? [] : [`:${name}:`];
  return oneLine(["sticker", ...emojis.slice(0, 3), ...called].join(" "));
}

/** What somebody said to a message, as it is called: a custom emoji by its name. */
export function reactionText({ emoji, custom, by }: Message["reactions"][number]): string {
  const said = custom?.name === undefined ? emoji : `:${custom.name}:`;
  return `${oneLine(said)} ${by.length}`;
}

/** Without the link to the pack: it opens it for whoever reads the line. */
export function stickerLine({ pack, ...sticker }: MessageSticker) {
  return { ...sticker, sharesPack: pack !== undefined };
}
