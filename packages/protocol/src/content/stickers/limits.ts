import { KIB, MIB } from "../../units.ts";

/**
 * Bounds of sticker packs and of the files in them (T-38). What is over one is refused
 * `limitExceeded`, by the name that stands here.
 */
export const STICKER_LIMITS = {
  /** Stickers of one pack. */
  packItemsMax: 200,
  /** A whole pack as it is encrypted. */
  packBytesMax: 64 * MIB,
  /** The manifest of a pack. */
  packManifestBytesMax: 128 * KIB,
  /** UTF-16 units of a pack's title, and of its author's name. */
  packTitleMax: 64,
  /** Emoji that one sticker is tagged with. */
  emojisPerStickerMax: 20,
  /** Packs that one user has. */
  packsPerUserMax: 40,
  /** Stickers that a user's clients remember as used of late. */
  recentStickersMax: 24,
  /** Custom emoji of one message. */
  customEmojiPerMessageMax: 16,
  /** A file that travels inside of a sticker message; a longer one is an asset. */
  inlineBytesMax: 24 * KIB,
  /** Octets of all custom emoji that travel inside of one message. */
  inlineEmojiBytesMax: 32 * KIB,
  /** An animated sticker (`.tgs`) as it is stored. */
  tgsBytesMax: 64 * KIB,
  /** The same, inflated. */
  tgsInflatedBytesMax: 2 * MIB,
  /** A video sticker (`.webm`). */
  webmBytesMax: 256 * KIB,
  /** A picture, still or moving. */
  pictureBytesMax: 512 * KIB,
  /** Pixels of either side. */
  sideMax: 512,
  /** Frames in a second. */
  framesPerSecondMax: 60,
  /** From the first frame to the end of the last, in milliseconds. */
  durationMaxMs: 3000,
  /** Frames of a moving sticker. */
  framesMax: 180,
  /** Levels of JSON in an animated sticker. */
  lottieDepthMax: 64,
  /** Values of its JSON. */
  lottieValuesMax: 500_000,
  /** Layers that are drawn, each as often as it is referred to. */
  lottieLayersMax: 2000,
  /** Compositions inside of compositions. */
  lottieCompositionDepthMax: 16,
  /** Scans of a JPEG. */
  jpegScansMax: 32,
} as const;

export type StickerLimit = keyof typeof STICKER_LIMITS;
