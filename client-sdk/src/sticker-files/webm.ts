import { checkStickerLimit, malformed } from "@treehouse/protocol";

import {
  type Element,
  elementsIn,
  floatOf,
  numberOf,
  readNumber,
  segmentId,
  textOf,
} from "./ebml.ts";
import { Octets } from "./octets.ts";
import { checkMotion, checkSize, type Size, type StickerFile } from "./sticker-file.ts";
import { checkVp9 } from "./vp9.ts";

const ids = {
  header: 0x1a45dfa3,
  docType: 0x4282,
  segment: segmentId,
  info: 0x1549a966,
  scale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  track: 0xae,
  trackNumber: 0xd7,
  trackType: 0x83,
  codec: 0x86,
  encodings: 0x6d80,
  video: 0xe0,
  width: 0xb0,
  height: 0xba,
  cluster: 0x1f43b675,
  time: 0xe7,
  simpleBlock: 0xa3,
  group: 0xa0,
  block: 0xa1,
  additions: 0x75a1,
  addition: 0xa6,
  additional: 0xa5,
  attachments: 0x1941a469,
} as const;

type Track = Size & { readonly number: number };
/** What is gathered over the clusters. */
type Motion = { frames: number; lastMs: number };

/** A WebM with one track of VP9 and nothing else that plays. */
export function readWebm(bytes: Uint8Array): StickerFile {
  const [header, segment, ...others] = elementsIn(bytes);
  if (header?.id !== ids.header || segment?.id !== ids.segment || others.length > 0) {
    throw malformed("no WebM");
  }
  const docType = childrenOf(header, ids.docType).map(textOf);
  if (docType.length !== 1 || docType[0] !== "webm") throw malformed("no WebM");
  let scaleNs = 1_000_000;
  let durationMs = 0;
  let track: Track | undefined;
  const motion: Motion = { frames: 0, lastMs: 0 };
  for (const element of elementsIn(segment.content)) {
    switch (element.id) {
      case ids.info:
        scaleNs = numberOf(only(element, ids.scale) ?? { id: 0, content: millisecond });
        if (scaleNs === 0) throw malformed("a WebM in which no time passes");
        durationMs = durationIn(element, scaleNs);
        break;
      case ids.tracks:
        if (track !== undefined) throw malformed("a WebM with two lists of tracks");
        track = readTrack(element);
        break;
      case ids.cluster:
        if (track === undefined) throw malformed("a WebM whose frames come before its track");
        readCluster(element, { track, scaleNs, motion });
        break;
      case ids.attachments:
        throw malformed("a WebM with attachments");
    }
  }
  if (track === undefined || motion.frames === 0) throw malformed("a WebM without a picture");
  const endMs = Math.max(durationMs, motion.lastMs);
  checkMotion(motion.frames, endMs);
  const { width, height } = track;
  return {
    mediaType: "video/webm",
    width,
    height,
    durationMs: Math.round(endMs),
    frames: motion.frames,
  };
}

const millisecond = Uint8Array.of(0x0f, 0x42, 0x40);

function durationIn(info: Element, scaleNs: number): number {
  const duration = only(info, ids.duration);
  const ms = duration === undefined ? 0 : (floatOf(duration) * scaleNs) / 1e6;
  checkStickerLimit("durationMaxMs", ms, "the duration in milliseconds");
  return ms;
}

function readTrack(tracks: Element): Track {
  const [track, another] = childrenOf(tracks, ids.track);
  if (track === undefined || another !== undefined) {
    throw malformed("a WebM that has not one track: a sticker has no sound");
  }
  const [type, codec, video] = [ids.trackType, ids.codec, ids.video].map((id) => only(track, id));
  if (type === undefined || numberOf(type) !== 1) throw malformed("a WebM without pictures");
  if (codec === undefined || textOf(codec) !== "V_VP9") throw malformed("a WebM that is not VP9");
  if (only(track, ids.encodings) !== undefined) throw malformed("a WebM that is packed again");
  const number = only(track, ids.trackNumber);
  if (video === undefined || number === undefined) throw malformed("a track that is not described");
  const [width, height] = [only(video, ids.width), only(video, ids.height)];
  if (width === undefined || height === undefined) throw malformed("a WebM without a size");
  const size = { width: numberOf(width), height: numberOf(height) };
  checkSize(size);
  return { ...size, number: numberOf(number) };
}

type Course = { readonly track: Track; readonly scaleNs: number; readonly motion: Motion };

function readCluster(cluster: Element, course: Course): void {
  let time: number | undefined;
  for (const element of elementsIn(cluster.content)) {
    if (element.id === ids.time) time = numberOf(element);
    else if (element.id === ids.simpleBlock) readBlock(element, time, course);
    else if (element.id === ids.group) {
      const block = only(element, ids.block);
      if (block === undefined) throw malformed("a group without a block");
      readBlock(block, time, course);
      checkAdditions(element);
    }
  }
}

function readBlock(
  { content }: Element,
  time: number | undefined,
  { track, scaleNs, motion }: Course,
): void {
  if (time === undefined) throw malformed("a cluster without a time");
  const block = new Octets(content);
  if (readNumber(block) !== track.number) throw malformed("a block of another track");
  const relative = (block.u16() << 16) >> 16;
  if ((block.u8() & 0x06) !== 0) throw malformed("a block with several frames laced together");
  checkVp9(block.take(block.left));
  motion.frames += 1;
  checkStickerLimit("framesMax", motion.frames, "the number of frames");
  const ms = ((time + relative) * scaleNs) / 1e6;
  if (ms < 0) throw malformed("a frame before the beginning");
  checkStickerLimit("durationMaxMs", ms, "the duration in milliseconds");
  motion.lastMs = Math.max(motion.lastMs, ms);
}

/** What lets a picture shine through is a VP9 of its own beside each frame. */
function checkAdditions(group: Element): void {
  for (const additions of childrenOf(group, ids.additions)) {
    for (const addition of childrenOf(additions, ids.addition)) {
      for (const { content } of childrenOf(addition, ids.additional)) checkVp9(content);
    }
  }
}

function childrenOf({ content }: Element, id: number): readonly Element[] {
  return [...elementsIn(content)].filter((element) => element.id === id);
}

function only(parent: Element, id: number): Element | undefined {
  const [first, another] = childrenOf(parent, id);
  if (another !== undefined) throw malformed("a WebM that says something twice");
  return first;
}
