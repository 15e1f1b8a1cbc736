import { ATTACHMENT_LIMITS } from "@treehouse/protocol";

/** How much of a file is looked at to learn what it is; what needs more stays unknown. */
export const MEDIA_LIMITS = {
  /** From the beginning of a picture: sides stand behind what cameras write about themselves. */
  pictureHeadBytesMax: 1024 * 1024,
  /** Octets read from a recording or film, wherever they lie. */
  recordingBytesMax: 32 * 1024 * 1024,
  /** Reads from it: each takes a turn, so that a loop in it ends. */
  recordingReadsMax: 20_000,
  /** What a reader may ask for in one piece. */
  recordingPieceBytesMax: 4 * 1024 * 1024,
  /** A picture of which a thumbnail is made, in octets and in pixels (40 million are 160 MB). */
  pictureBytesMax: 64 * 1024 * 1024,
  picturePixelsMax: 40_000_000,
  /** Width and height of a preview that is believed: it is drawn without a question. */
  previewSideMax: 1024,
  /** A recording of which the waveform is computed. */
  waveformBytesMax: 256 * 1024 * 1024,
  sideMax: ATTACHMENT_LIMITS.sideMax,
  durationMsMax: ATTACHMENT_LIMITS.durationMsMax,
} as const;
