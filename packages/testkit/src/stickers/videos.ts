import { ascii, big, joined, type Octets } from "./octets.ts";

export type VideoOptions = {
  readonly width?: number;
  readonly height?: number;
  /** What the frames themselves say. */
  readonly frameWidth?: number;
  readonly frames?: number;
  readonly durationMs?: number;
  readonly codec?: string;
  /** A second track, with sound. */
  readonly sound?: boolean;
  /** A picture beside each frame that lets what is behind shine through. */
  readonly alphaWidth?: number;
  readonly note?: string;
};

/** A WebM whose frames have a true VP9 header, and nothing that could be drawn behind it. */
export function webm(options: VideoOptions = {}): Octets {
  const { width = 512, height = 512, frames = 30, durationMs = 1000, codec = "V_VP9" } = options;
  const { frameWidth = width, sound = false, alphaWidth, note = "" } = options;
  const header = element(0x1a45dfa3, element(0x4282, ascii("webm")));
  const info = element(
    0x1549a966,
    element(0x2ad7b1, big(1_000_000, 3)),
    element(0x4489, float(durationMs)),
  );
  const video = element(0xe0, element(0xb0, big(width, 2)), element(0xba, big(height, 2)));
  const track = element(
    0xae,
    element(0xd7, big(1, 1)),
    element(0x83, big(1, 1)),
    element(0x86, ascii(codec)),
    video,
  );
  const noise = sound
    ? [
        element(
          0xae,
          element(0xd7, big(2, 1)),
          element(0x83, big(2, 1)),
          element(0x86, ascii("A_OPUS")),
        ),
      ]
    : [];
  const blocks = Array.from({ length: frames }, (_, index) => {
    const time = big(Math.floor((index * durationMs) / frames), 2);
    const content = joined(
      Uint8Array.of(0x81),
      time,
      Uint8Array.of(0x80),
      vp9(frameWidth, height),
      ascii(note),
    );
    if (alphaWidth === undefined) return element(0xa3, content);
    const beside = element(
      0x75a1,
      element(0xa6, element(0xee, big(1, 1)), element(0xa5, vp9(alphaWidth, height))),
    );
    return element(0xa0, element(0xa1, content), beside);
  });
  const cluster = element(0x1f43b675, element(0xe7, big(0, 1)), ...blocks);
  return joined(header, element(0x18538067, info, element(0x1654ae6b, track, ...noise), cluster));
}

/** The beginning of a VP9 key frame of profile 0. */
export function vp9(width: number, height: number): Octets {
  const bits = [
    "10", // the mark of a frame
    "00", // profile 0
    "0", // not one that is there already
    "0", // a key frame
    "1", // to be shown
    "0",
    (0x498342).toString(2).padStart(24, "0"),
    "001", // colours
    "0",
    (width - 1).toString(2).padStart(16, "0"),
    (height - 1).toString(2).padStart(16, "0"),
  ].join("");
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8 + 16, "0");
  return Uint8Array.from({ length: padded.length / 8 }, (_, at) =>
    Number.parseInt(padded.slice(at * 8, at * 8 + 8), 2),
  );
}

export function element(id: number, ...contents: readonly Octets[]): Octets {
  const content = joined(...contents);
  const name = big(id, Math.ceil(id.toString(16).length / 2));
  return joined(name, Uint8Array.of(0x01), big(content.length, 7), content);
}

function float(value: number): Octets {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setFloat64(0, value);
  return octets;
}
