/**
 * What files are: type, sides, duration, previews and waveforms, read from the octets on the client
 * alone. Everything is bounded, since what is looked at may be made to hurt who looks at it.
 */
export { describe, type Described, isHarmlessPreview } from "./describe.ts";
export { safeFileName } from "./file-name.ts";
export { MEDIA_LIMITS } from "./media-limits.ts";
export { type NoThumbnail, type Pictures, type Thumbnail, thumbnailOf } from "./pictures.ts";
export { type FileOctets, type MediaSource, sourceOf } from "./source.ts";
export { tellsPlace, withoutMetadata } from "./strip-metadata.ts";
export { waveformOf } from "./waveform.ts";
