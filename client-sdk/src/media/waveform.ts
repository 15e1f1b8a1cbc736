import { ATTACHMENT_LIMITS, type Bytes } from "@treehouse/protocol";

import { MEDIA_LIMITS } from "./media-limits.ts";
import type { MediaSource } from "./source.ts";

type Sound = {
  readonly format: "integer" | "float";
  readonly bits: 8 | 16 | 24 | 32;
  readonly channels: number;
  readonly offset: number;
  readonly length: number;
};

/** Steps of a waveform: as many as fit on a telephone's screen. */
const steps = 64;
const pieceFrames = 16_384;

/**
 * Loudness from 0 to 255 in equal steps over a recording, the loudest step being 255. Of WAV with
 * PCM or float samples; undefined for everything else, whose app may bring a waveform of its own.
 */
export async function waveformOf(source: MediaSource): Promise<Bytes | undefined> {
  if (source.size > MEDIA_LIMITS.waveformBytesMax) return undefined;
  const sound = await soundIn(source);
  if (sound === undefined) return undefined;
  const frameBytes = (sound.bits / 8) * sound.channels;
  const frames = Math.floor(sound.length / frameBytes);
  if (frames < 1) return undefined;
  const count = Math.min(steps, frames, ATTACHMENT_LIMITS.waveformMax);
  const peaks = Array.from({ length: count }, () => 0);
  for (let frame = 0; frame < frames; frame += pieceFrames) {
    const wanted = Math.min(pieceFrames, frames - frame);
    const piece = await source.read(sound.offset + frame * frameBytes, wanted * frameBytes);
    addPeaks(peaks, { sound, piece, frame, frames });
  }
  const loudest = Math.max(...peaks);
  return new Uint8Array(
    peaks.map((peak) => (loudest > 0 ? Math.round((peak / loudest) * 255) : 0)),
  );
}

function addPeaks(
  peaks: number[],
  from: {
    readonly sound: Sound;
    readonly piece: Uint8Array;
    readonly frame: number;
    readonly frames: number;
  },
): void {
  const { sound, piece, frame, frames } = from;
  const { channels, bits } = sound;
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  const sampleBytes = bits / 8;
  const samples = Math.floor(piece.length / sampleBytes);
  for (let sample = 0; sample < samples; sample += 1) {
    const loudness = Math.abs(sampleAt(view, sample * sampleBytes, sound));
    const step = Math.floor(((frame + Math.floor(sample / channels)) * peaks.length) / frames);
    if (loudness > (peaks[step] ?? Infinity)) peaks[step] = loudness;
  }
}

/** From -1 to 1; what is no number is silence. */
function sampleAt(view: DataView, at: number, { format, bits }: Sound): number {
  if (format === "float") {
    const value = view.getFloat32(at, true);
    return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
  }
  if (bits === 8) return (view.getUint8(at) - 128) / 128;
  if (bits === 16) return view.getInt16(at, true) / 0x8000;
  if (bits === 24) return ((view.getUint8(at) | (view.getInt16(at + 1, true) << 8)) << 8) / 2 ** 31;
  return view.getInt32(at, true) / 2 ** 31;
}

const chunksMax = 64;

/** Walks over the chunks of a RIFF file to its format and its samples. */
async function soundIn(source: MediaSource): Promise<Sound | undefined> {
  if ((await textAt(source, 0)) !== "RIFF" || (await textAt(source, 8)) !== "WAVE")
    return undefined;
  let shape: Omit<Sound, "offset" | "length"> | undefined;
  let offset = 12;
  for (let chunk = 0; chunk < chunksMax; chunk += 1) {
    const head = await source.read(offset, 8);
    if (head.length < 8) return undefined;
    const length = viewOf(head).getUint32(4, true);
    const name = String.fromCharCode(...head.subarray(0, 4));
    if (name === "fmt ") shape = shapeIn(await source.read(offset + 8, Math.min(length, 40)));
    if (name === "data") {
      const there = Math.min(length, source.size - offset - 8);
      return shape === undefined ? undefined : { ...shape, offset: offset + 8, length: there };
    }
    offset += 8 + length + (length % 2);
  }
  return undefined;
}

function shapeIn(format: Uint8Array): Omit<Sound, "offset" | "length"> | undefined {
  if (format.length < 16) return undefined;
  const view = viewOf(format);
  const [tag, channels, bits] = [0, 2, 14].map((at) => view.getUint16(at, true));
  // WAVE_FORMAT_EXTENSIBLE tells the real one in the first octets of a GUID.
  const real = tag === 0xfffe && format.length >= 26 ? view.getUint16(24, true) : tag;
  if (channels === undefined || channels < 1 || channels > 32) return undefined;
  if (real === 3 && bits === 32) return { format: "float", bits, channels };
  if (real !== 1) return undefined;
  if (bits !== 8 && bits !== 16 && bits !== 24 && bits !== 32) return undefined;
  return { format: "integer", bits, channels };
}

async function textAt(source: MediaSource, offset: number): Promise<string> {
  return String.fromCharCode(...(await source.read(offset, 4)));
}

function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}
