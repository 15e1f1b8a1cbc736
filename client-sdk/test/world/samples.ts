/** Small media files, made octet by octet, so that every test has its own. */
import { crc32, deflateSync } from "node:zlib";

const ascii = (text: string) => Buffer.from(text, "latin1");
const u16le = (value: number) => Buffer.from([value & 255, value >> 8]);
const u32le = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u32be = (value: number) => new Uint8Array(u32le(value).toReversed());
const join = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** A whole PNG of one colour, red unless said; `claimed` sides stand in its header alone. */
export function png(
  width: number,
  height: number,
  options: { colour?: readonly [number, number, number]; claimed?: readonly [number, number] } = {},
): Uint8Array<ArrayBuffer> {
  const { colour = [200, 30, 30], claimed = [width, height] } = options;
  const row = join(Buffer.from([0]), ...Array.from({ length: width }, () => Buffer.from(colour)));
  const pixels = deflateSync(join(...Array.from({ length: height }, () => row)));
  const chunk = (name: string, data: Uint8Array) => {
    const named = join(ascii(name), data);
    return join(u32be(data.length), named, u32be(crc32(named)));
  };
  const header = join(u32be(claimed[0]), u32be(claimed[1]), Buffer.from([8, 2, 0, 0, 0]));
  return join(
    Buffer.from([0x89]),
    ascii("PNG\r\n\u001a\n"),
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", new Uint8Array()),
  );
}

/** A JPEG's header, with the orientation that a camera writes and where it was. */
export function jpegHead(
  width: number,
  height: number,
  orientation: number,
): Uint8Array<ArrayBuffer> {
  const field = (tag: number, type: number, value: Uint8Array) =>
    join(u16le(tag), u16le(type), u32le(1), value);
  const tiff = join(
    ascii("II*\0"),
    u32le(8),
    u16le(1),
    field(0x0112, 3, join(u16le(orientation), u16le(0))),
    u32le(0),
  );
  const segment = (marker: number, data: Uint8Array) => {
    const length = data.length + 2;
    return join(Buffer.from([0xff, marker, length >> 8, length & 255]), data);
  };
  const frame = Buffer.from([8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]);
  return join(
    Buffer.from([0xff, 0xd8]),
    segment(0xe1, join(ascii("Exif\0\0"), tiff)),
    segment(0xc0, frame),
    segment(0xda, Buffer.from([0])),
    Buffer.from([0xff, 0xd9]),
  );
}

/** The same JPEG with a further Exif that tells a place, and a comment. */
export function withPlace(jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  const gps = join(u16le(0x8825), u16le(4), u32le(1), u32le(26));
  const exif = join(ascii("Exif\0\0II*\0"), u32le(8), u16le(1), gps, u32le(0));
  const segment = (marker: number, data: Uint8Array) =>
    join(Buffer.from([0xff, marker, 0, data.length + 2]), data);
  const more = join(segment(0xe1, exif), segment(0xfe, ascii("canary")));
  const scan = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xda]));
  return join(jpeg.subarray(0, scan), more, jpeg.subarray(scan), ascii("canary behind"));
}

/** The same picture with a text beside its pixels. */
export function withText(
  picture: Uint8Array,
  mediaType: "image/png" | "image/webp",
): Uint8Array<ArrayBuffer> {
  if (mediaType === "image/png") {
    const text = join(ascii("tEXt"), ascii("Comment\0canary"));
    const end = picture.length - 12;
    const chunk = join(u32be(text.length - 4), text, u32be(crc32(text)));
    return join(picture.subarray(0, end), chunk, picture.subarray(end));
  }
  const body = join(picture.subarray(8), ascii("XMP "), u32le(6), ascii("canary"));
  body[12] = 0x04;
  return join(ascii("RIFF"), u32le(body.length), body);
}

export function gif(width: number, height: number): Uint8Array<ArrayBuffer> {
  return join(ascii("GIF89a"), u16le(width), u16le(height), Buffer.from([0, 0, 0, 0x3b]));
}

/** The extended form of WebP, of which the header alone is here. */
export function webpHead(width: number, height: number): Uint8Array<ArrayBuffer> {
  const u24 = (value: number) => u32le(value - 1).subarray(0, 3);
  const data = join(ascii("VP8X"), u32le(10), u32le(0), u24(width), u24(height));
  return join(ascii("RIFF"), u32le(data.length + 4), ascii("WEBP"), data);
}

/** PCM of 16 bits, one channel, 8 kHz; `loudness` from 0 to 1 at a time from 0 to 1. */
export function wav(
  seconds: number,
  loudness: (time: number) => number = () => 0.5,
): Uint8Array<ArrayBuffer> {
  const rate = 8000;
  const frames = Math.round(seconds * rate);
  const samples = Int16Array.from({ length: frames }, (_, at) =>
    Math.round(loudness(at / frames) * 32_767 * (at % 2 === 0 ? 1 : -1)),
  );
  const data = new Uint8Array(samples.buffer);
  const format = join(u16le(1), u16le(1), u32le(rate), u32le(rate * 2), u16le(2), u16le(16));
  const chunk = (name: string, octets: Uint8Array) =>
    join(ascii(name), u32le(octets.length), octets);
  const body = join(ascii("WAVE"), chunk("fmt ", format), chunk("data", data));
  return join(ascii("RIFF"), u32le(body.length), body);
}

/** Opus in Ogg: headers and an empty last page, whose granule tells the duration. */
export function ogg(seconds: number): Uint8Array<ArrayBuffer> {
  const page = (flags: number, number: number, granule: number, packet: Uint8Array) =>
    join(
      ascii("OggS"),
      Buffer.from([0, flags]),
      u32le(granule),
      u32le(0),
      u32le(7),
      u32le(number),
      u32le(0),
      Buffer.from([1, packet.length]),
      packet,
    );
  const head = join(
    ascii("OpusHead"),
    Buffer.from([1, 1]),
    u16le(0),
    u32le(48_000),
    u16le(0),
    Buffer.from([0]),
  );
  const tags = join(ascii("OpusTags"), u32le(4), ascii("test"), u32le(0));
  return join(
    page(2, 0, 0, head),
    page(0, 1, 0, tags),
    page(4, 2, Math.round(seconds * 48_000), new Uint8Array(20)),
  );
}

/** Frames of MPEG audio at 128 kbit/s and 44.1 kHz. */
export function mp3(seconds: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(417);
  frame.set([0xff, 0xfb, 0x90, 0xc0]);
  const frames = Math.round((seconds * 44_100) / 1152);
  return join(...Array.from({ length: frames }, () => frame));
}

/** An ISO file with the headers of a film, or of a recording when it has no sides. */
export function mp4(seconds: number, sides?: readonly [number, number]): Uint8Array<ArrayBuffer> {
  const box = (name: string, ...parts: readonly Uint8Array[]): Uint8Array => {
    const data = join(...parts);
    return join(u32be(data.length + 8), ascii(name), data);
  };
  const zeros = (count: number) => new Uint8Array(count);
  const u16be = (value: number) => Buffer.from([value >> 8, value & 255]);
  const times = join(zeros(4), zeros(8), u32be(1000), u32be(seconds * 1000));
  const film = sides !== undefined;
  const [width, height] = sides ?? [0, 0];
  const entry = film
    ? box("avc1", zeros(6), u16be(1), zeros(16), u16be(width), u16be(height), zeros(50))
    : box("mp4a", zeros(6), u16be(1), zeros(8), u16be(2), u16be(16), zeros(4), u32be(44_100 << 16));
  const table = box("stbl", box("stsd", zeros(4), u32be(1), entry));
  const media = box(
    "mdia",
    box("mdhd", times, zeros(4)),
    box("hdlr", zeros(8), ascii(film ? "vide" : "soun"), zeros(12), ascii("\0")),
    box("minf", table),
  );
  const track = box("tkhd", zeros(12), u32be(1), zeros(68));
  return join(
    box("ftyp", ascii(film ? "isom" : "M4A "), u32be(0)),
    box("moov", box("mvhd", times, zeros(80)), box("trak", track, media)),
  );
}

/** WebM: the headers of a film. */
export function webm(seconds: number, sides?: readonly [number, number]): Uint8Array<ArrayBuffer> {
  const element = (id: number, ...parts: readonly Uint8Array[]): Uint8Array => {
    const data = join(...parts);
    const length = u32be(data.length);
    const name = u32be(id);
    const begin = name.findIndex((octet) => octet !== 0);
    // The length takes five octets, which its first one says.
    return join(name.subarray(begin), Buffer.from([0x08]), length, data);
  };
  const float = (value: number) =>
    new Uint8Array(new Uint8Array(Float64Array.of(value).buffer).toReversed());
  const number = (value: number) => u32be(value);
  const track =
    sides === undefined
      ? element(
          0xae,
          element(0xd7, number(1)),
          element(0x83, Buffer.from([2])),
          element(0x86, ascii("A_OPUS")),
        )
      : element(
          0xae,
          element(0xd7, number(1)),
          element(0x83, Buffer.from([1])),
          element(0x86, ascii("V_VP9")),
          element(0xe0, element(0xb0, number(sides[0])), element(0xba, number(sides[1]))),
        );
  return join(
    element(0x1a45dfa3, element(0x4282, ascii("webm"))),
    element(
      0x18538067,
      element(
        0x1549a966,
        element(0x2ad7b1, number(1_000_000)),
        element(0x4489, float(seconds * 1000)),
      ),
      element(0x1654ae6b, track),
    ),
  );
}
