import type { MessageFile } from "@treehouse/client-sdk";

/** A file as it is printed: without keys and pictures, since lines are piped and logged. */
export type FileLine = ReturnType<typeof fileLine>;

export function fileLine(file: MessageFile) {
  const { kind, name, mediaType, size, width, height, durationMs, alt, flags } = file;
  return {
    kind,
    name,
    mediaType,
    size,
    width: width ?? null,
    height: height ?? null,
    durationMs: durationMs ?? null,
    alt: alt ?? null,
    hasPreview: file.preview !== undefined || file.previewLink !== undefined,
    hasWaveform: file.waveform !== undefined,
    flags,
  };
}

/** A file at a glance: `image: photo.jpg, 2.4 MB, 1920×1080`. */
export function fileText({ kind, name, size, width, height, durationMs, flags }: FileLine): string {
  const sides = width === null || height === null ? [] : [`${width}×${height}`];
  const lasts = durationMs === null ? [] : [durationText(durationMs)];
  const odd = flags.length === 0 ? [] : [`(${flags.join(", ")})`];
  return `${kind}: ${[name, sizeText(size), ...sides, ...lasts, ...odd].join(", ")}`;
}

/** What a message says, for people: its files, then the text beside them. */
export function bodyText(message: {
  readonly type: string;
  readonly text: string;
  readonly files: readonly FileLine[];
}): string {
  const { type, text, files } = message;
  const shown = files.map(fileText).join("; ");
  if (files.length === 0) return text === "" ? `(${type})` : text;
  return text === "" ? `[${shown}]` : `[${shown}] ${text}`;
}

const units = ["kB", "MB", "GB", "TB"] as const;

/** In decimal units, as disks and networks count. */
export function sizeText(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  let value = octets;
  let unit = "";
  for (const each of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = each;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}
