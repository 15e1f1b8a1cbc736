import type { MediaFacts } from "@treehouse/protocol";
import type { IAudioMetadata } from "music-metadata";
import { AbstractTokenizer, EndOfStreamError, type IReadChunkOptions } from "strtok3/core";

import { MEDIA_LIMITS } from "./media-limits.ts";
import type { MediaSource } from "./source.ts";

/**
 * Duration, and of films the sides, as the file's own headers tell. Undefined when they do not
 * within the bounds, whatever the reason: a file that cannot be understood is sent all the same.
 */
export async function recordingFacts(
  source: MediaSource,
  mediaType: string,
): Promise<MediaFacts | undefined> {
  // Loaded at the first recording: it is large, and most programs send none.
  const { parseFromTokenizer } = await import("music-metadata");
  let found: IAudioMetadata;
  try {
    found = await parseFromTokenizer(new BoundedTokenizer(source, mediaType), {
      duration: true,
      skipCovers: true,
      skipPostHeaders: true,
    });
  } catch {
    // Of hostile octets the library's readers throw anything.
    return undefined;
  }
  const { duration, trackInfo, hasVideo } = found.format;
  const video = trackInfo.find((track) => track.video !== undefined)?.video;
  const kind = hasVideo === true || video !== undefined ? "video" : "audio";
  const durations = [duration, ...trackInfo.map((track) => track.duration)];
  const longest = Math.max(...durations.map((seconds) => seconds ?? 0));
  const durationMs = within(longest * 1000, MEDIA_LIMITS.durationMsMax);
  const width = within(video?.pixelWidth, MEDIA_LIMITS.sideMax);
  const height = within(video?.pixelHeight, MEDIA_LIMITS.sideMax);
  return {
    kind,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
  };
}

function within(value: number | undefined, max: number): number | undefined {
  const whole = Math.round(value ?? 0);
  return whole > 0 && whole <= max ? whole : undefined;
}

/** What a file's headers lead a reader to ask for has an end. */
class BoundedTokenizer extends AbstractTokenizer {
  readonly fileInfo: { readonly size: number; readonly mimeType: string };
  readonly #source: MediaSource;
  #octets = 0;
  #reads = 0;

  constructor(source: MediaSource, mimeType: string) {
    super({ maxBufferSize: MEDIA_LIMITS.recordingPieceBytesMax });
    this.#source = source;
    this.fileInfo = { size: source.size, mimeType };
  }

  supportsRandomAccess(): boolean {
    return true;
  }

  setPosition(position: number): void {
    this.validateLength(position, "position");
    this.position = position;
  }

  async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { position } = this.normalizeOptions(target, options);
    const length = await this.peekBuffer(target, options);
    this.position = position + length;
    return length;
  }

  async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { position, length, mayBeLess } = this.normalizeOptions(target, options);
    const there = Math.max(0, Math.min(length, this.#source.size - position));
    if (there < length && mayBeLess !== true) throw new EndOfStreamError();
    this.#octets += there;
    this.#reads += 1;
    const { recordingBytesMax, recordingReadsMax } = MEDIA_LIMITS;
    if (this.#octets > recordingBytesMax || this.#reads > recordingReadsMax) {
      throw new RangeError("too much of the file would have to be read");
    }
    const found = await this.#source.read(position, there);
    target.set(found.subarray(0, there));
    return there;
  }
}
