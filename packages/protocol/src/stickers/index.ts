/** Stickers and custom emoji in messages, and links to the packs that they are from. */
export { checkPackLink, formatPackLink, type PackLink, parsePackLink } from "./pack-link.ts";
export {
  customEmojiOf,
  customReactionContent,
  customReactionOf,
  inlineFile,
  isSticker,
  MEDIA_TYPE_STICKER,
  type SentSticker,
  stickerContent,
  stickerOf,
  withCustomEmoji,
} from "./sticker-content.ts";
