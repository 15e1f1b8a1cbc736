export { checkStickerLimit } from "./check-limit.ts";
export {
  fallbackOf,
  isShortcode,
  STICKER_MEDIA_TYPES,
  type StickerItem,
  type StickerMediaType,
} from "./item.ts";
export { STICKER_LIMITS, type StickerLimit } from "./limits.ts";
export {
  decodePack,
  encodeManifest,
  encodePack,
  type PackKind,
  type PackManifest,
  readManifest,
  type StickerPack,
} from "./pack.ts";
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
