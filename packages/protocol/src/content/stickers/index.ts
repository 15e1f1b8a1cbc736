export { checkStickerLimit } from "./check-limit.ts";
export {
  fallbackOf,
  isShortcode,
  itemFromCbor,
  itemToCbor,
  NO_EMOJI,
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
