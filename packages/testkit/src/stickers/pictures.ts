import { crc32, deflateSync } from "node:zlib";

import { ascii, big, joined, little, type Octets } from "./octets.ts";

export type PictureOptions = {
  readonly width?: number;
  readonly height?: number;
  /** How long each frame is shown, in milliseconds; one or none: it does not move. */
  readonly delaysMs?: readonly number[];
  /** Put into a comment or the like, so that two files differ. */
  readonly note?: string;
};

const defaults = { width: 100, height: 100, delaysMs: [], note: "" } as const;

/** A WebP whose pictures have a true header, and nothing that could be drawn behind it. */
export function webp(options: PictureOptions = {}): Octets {
  const { width, height, delaysMs, note } = { ...defaults, ...options };
  const canvas = joined(little(width - 1, 3), little(height - 1, 3));
  const bits = (width - 1) | ((height - 1) << 14);
  const picture = chunk("VP8L", joined(Uint8Array.of(0x2f), little(bits >>> 0, 4), ascii(note)));
  if (delaysMs.length < 2) return riff(picture);
  const header = chunk("VP8X", joined(Uint8Array.of(0x02, 0, 0, 0), canvas));
  const frames = delaysMs.map((ms) =>
    chunk("ANMF", joined(new Uint8Array(6), canvas, little(ms, 3), Uint8Array.of(0), picture)),
  );
  return riff(joined(header, chunk("ANIM", new Uint8Array(6)), ...frames));
}

function riff(chunks: Octets): Octets {
  return joined(ascii("RIFF"), little(chunks.length + 4, 4), ascii("WEBP"), chunks);
}

export function chunk(type: string, content: Octets): Octets {
  const padding = new Uint8Array(content.length % 2);
  return joined(ascii(type), little(content.length, 4), content, padding);
}

/** A PNG that every program can show. */
export function png(options: PictureOptions = {}): Octets {
  const { width, height, delaysMs, note } = { ...defaults, ...options };
  const header = joined(big(width, 4), big(height, 4), Uint8Array.of(8, 0, 0, 0, 0));
  const data = new Uint8Array(deflateSync(new Uint8Array((width + 1) * height)));
  const text = note === "" ? [] : [pngChunk("tEXt", joined(ascii("Comment\0"), ascii(note)))];
  const moving =
    delaysMs.length < 2 ? [] : [pngChunk("acTL", joined(big(delaysMs.length, 4), big(0, 4)))];
  const frames =
    delaysMs.length < 2
      ? [pngChunk("IDAT", data)]
      : delaysMs.flatMap((ms, index) => {
          const control = joined(
            big(2 * index, 4),
            big(width, 4),
            big(height, 4),
            new Uint8Array(8),
            big(ms, 2),
            big(1000, 2),
            new Uint8Array(2),
          );
          const first = pngChunk("IDAT", data);
          const other = pngChunk("fdAT", joined(big(2 * index + 1, 4), data));
          return [pngChunk("fcTL", control), index === 0 ? first : other];
        });
  const start = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return joined(
    start,
    pngChunk("IHDR", header),
    ...moving,
    ...text,
    ...frames,
    pngChunk("IEND", new Uint8Array()),
  );
}

export function pngChunk(type: string, content: Uint8Array): Octets {
  const named = joined(ascii(type), content);
  return joined(big(content.length, 4), named, big(crc32(named), 4));
}

/** A GIF of one colour. */
export function gif(options: PictureOptions = {}): Octets {
  const { width, height, delaysMs, note } = { ...defaults, ...options };
  const screen = joined(
    little(width, 2),
    little(height, 2),
    Uint8Array.of(0x80, 0, 0),
    new Uint8Array(6),
  );
  const comment =
    note === ""
      ? []
      : [joined(Uint8Array.of(0x21, 0xfe, note.length), ascii(note), Uint8Array.of(0))];
  const frames = (delaysMs.length === 0 ? [0] : delaysMs).flatMap((ms) => [
    joined(Uint8Array.of(0x21, 0xf9, 4, 0), little(ms / 10, 2), Uint8Array.of(0, 0)),
    joined(
      Uint8Array.of(0x2c, 0, 0, 0, 0),
      little(width, 2),
      little(height, 2),
      Uint8Array.of(0, 2, 2, 0x4c, 0x01, 0),
    ),
  ]);
  return joined(ascii("GIF89a"), screen, ...comment, ...frames, Uint8Array.of(0x3b));
}

/** A JPEG whose segments are true, and whose one scan holds next to nothing. */
export function jpeg(options: PictureOptions & { readonly scans?: number } = {}): Octets {
  const { width, height, note, scans = 1 } = { ...defaults, ...options };
  const frame = joined(
    Uint8Array.of(8),
    big(height, 2),
    big(width, 2),
    Uint8Array.of(1, 1, 0x11, 0),
  );
  const scan = joined(
    segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    Uint8Array.of(0x3f, 0xff, 0x00, 0xa0),
  );
  const all = Array.from({ length: scans }, () => scan);
  const comment = segment(0xfe, ascii(note));
  return joined(
    Uint8Array.of(0xff, 0xd8),
    comment,
    segment(0xc0, frame),
    ...all,
    Uint8Array.of(0xff, 0xd9),
  );
}

function segment(marker: number, content: Octets): Octets {
  return joined(Uint8Array.of(0xff, marker), big(content.length + 2, 2), content);
}
