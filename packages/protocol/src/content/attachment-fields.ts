/** Keys on the wire of what a message says of its files beside the parts (page 08). */

/** The extension of draft-mahy-mimi-av-metadata: a list of maps, one for each part described. */
export const AV_METADATA_EXTENSION = "av_metadata";

export const AV_METADATA = {
  partIndex: 1,
  type: 2,
  width: 3,
  height: 4,
  durationMs: 5,
  previewIndex: 6,
  alt: 7,
  rotation: 8,
} as const;

export const AV_TYPES = { audio: 1, image: 2, video: 3 } as const;

/** Our own extension (FED-873): a list of maps, one for each part described. */
export const FILES_EXTENSION = "vnd.treehouse.files";

export const FILE_NOTES = {
  partIndex: 1,
  blur: 2,
  waveform: 3,
  voice: 4,
  continues: 5,
} as const;
