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
  type DecodedPack,
  decodePack,
  encodeManifest,
  encodePack,
  joinPack,
  type PackKind,
  type PackManifest,
  readManifest,
  type StickerPack,
} from "./pack.ts";
