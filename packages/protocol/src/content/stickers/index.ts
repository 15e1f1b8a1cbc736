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
  encodePack,
  type PackKind,
  type PackManifest,
  type StickerPack,
} from "./pack.ts";
