import { ATTACHMENT_LIMITS, type Bytes, type MediaFacts, previewTypes } from "@treehouse/protocol";

import { MEDIA_LIMITS } from "./media-limits.ts";
import { pictureSides } from "./picture-sides.ts";
import { recordingFacts } from "./recording-facts.ts";
import { sniffedLength, sniffedType } from "./sniff.ts";
import type { MediaSource } from "./source.ts";
import { typeOfName } from "./type-of-name.ts";

/** What a file is, as its own octets tell. */
export type Described = {
  readonly mediaType: string;
  readonly facts: MediaFacts | undefined;
};

/**
 * Looks at a file before it is sent. Of pictures, recordings and films the octets decide about the
 * type; of everything else what the sender says, or the ending of the name.
 */
export async function describe(
  source: MediaSource,
  said: { readonly name: string; readonly mediaType?: string | undefined },
): Promise<Described> {
  const sniffed = sniffedType(await source.read(0, Math.min(sniffedLength, source.size)));
  const mediaType = sniffed ?? claimed(said.mediaType) ?? typeOfName(said.name);
  if (sniffed === undefined) return { mediaType, facts: undefined };
  if (sniffed.startsWith("image/")) {
    const length = Math.min(MEDIA_LIMITS.pictureHeadBytesMax, source.size);
    return { mediaType, facts: { kind: "image", ...pictureSides(await source.read(0, length)) } };
  }
  if (!/^(?:audio|video)\//.test(sniffed)) return { mediaType, facts: undefined };
  const facts = (await recordingFacts(source, sniffed)) ?? kindAlone(sniffed);
  return { mediaType: typeOfTracks(sniffed, facts), facts };
}

/** A container for films that holds sound alone is a recording. */
function typeOfTracks(sniffed: string, { kind }: MediaFacts): string {
  return kind === "audio" ? sniffed.replace(/^video\/(?=webm$|mp4$|ogg$)/, "audio/") : sniffed;
}

function kindAlone(mediaType: string): MediaFacts {
  return { kind: mediaType.startsWith("video/") ? "video" : "audio" };
}

/**
 * A claim about octets that are none of the known kinds: a picture, recording or film would have
 * been known, so that such a claim says nothing that a receiver should act on.
 */
function claimed(mediaType: string | undefined): string | undefined {
  const type = mediaType?.toLowerCase().split(";")[0]?.trim();
  if (type === undefined || !/^[\w.+-]+\/[\w.+-]+$/.test(type)) return undefined;
  if (type.length > ATTACHMENT_LIMITS.mediaTypeMax) return undefined;
  return /^(?:image|audio|video)\/(?!svg\+xml$)/.test(type) ? undefined : type;
}

/**
 * Whether octets that came as a preview can be drawn without a question: a picture of that type
 * and small in every way, so that nothing unfolds to more than a screen.
 */
export function isHarmlessPreview(bytes: Bytes, mediaType: string): boolean {
  if (!previewTypes.some((type) => type === mediaType)) return false;
  if (sniffedType(bytes) !== mediaType) return false;
  const sides = pictureSides(bytes);
  const { previewSideMax } = MEDIA_LIMITS;
  return sides !== undefined && sides.width <= previewSideMax && sides.height <= previewSideMax;
}
