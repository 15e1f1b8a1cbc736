import fc from "fast-check";
import { expect, test } from "vitest";

import { type Bytes, fromHex } from "../bytes/index.ts";
import { parseRoomUri, parseUserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { CborValue } from "./cbor.ts";
import {
  type Attachment,
  ATTACHMENT_LIMITS,
  attachmentContent,
  attachmentsOf,
  decodeContent,
  encodeContent,
  FILE_STEP_BYTES,
  type FileLink,
  hasFiles,
  type MimiContent,
  type NestedPart,
  textContent,
  textOf,
} from "./index.ts";

const place = {
  salt: fromHex("000102030405060708090a0b0c0d0e0f"),
  senderUri: parseUserUri("mimi://example.org/u/alice"),
  roomUri: parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
};
const link: FileLink = {
  url: "https://example.org/assets/1",
  expires: 0,
  size: 3,
  encAlg: 1,
  key: bytes(16),
  nonce: bytes(12),
  aad: bytes(0),
  hashAlg: 1,
  contentHash: bytes(32),
};
const plain: Attachment = {
  link,
  name: "plan.pdf",
  mediaType: "application/pdf",
  inline: false,
};

function bytes(length: number): Bytes {
  return new Uint8Array(length).fill(1);
}

function says(text: string) {
  const content = textContent({ ...place, text });
  const { body } = content;
  if (body.kind !== "single") throw new Error("a text is a single part");
  return { ...content, body };
}

function roundTrip(text: string, files: readonly Attachment[]): MimiContent {
  return decodeContent(encodeContent(attachmentContent(says(text), files)));
}

const octets = (max: number) =>
  fc.uint8Array({ minLength: 1, maxLength: max }).map((some) => new Uint8Array(some));
const id = octets(1).map(() => new Uint8Array([1, ...bytes(31)]));
const anyFile: fc.Arbitrary<Attachment> = fc.record(
  {
    link: fc.constant(link),
    name: fc.string({ maxLength: 40 }),
    mediaType: fc.constantFrom("image/png", "application/vnd.a.b+json", "audio/ogg"),
    inline: fc.boolean(),
    facts: fc.record(
      {
        kind: fc.constantFrom("image" as const, "audio" as const, "video" as const),
        durationMs: fc.nat(100_000),
        rotation: fc.constantFrom(90 as const, 180 as const, 270 as const),
      },
      { requiredKeys: ["kind"] },
    ),
    alt: fc.string({ maxLength: 20 }),
    preview: fc.oneof(
      fc.record({ mediaType: fc.constant("image/webp" as const), bytes: octets(64) }),
      fc.record({ mediaType: fc.constant("image/png" as const), link: fc.constant(link) }),
    ),
    blur: octets(25),
    waveform: octets(64),
    voice: fc.constant(true),
    continues: fc.record({ first: id, previous: id }),
  },
  { requiredKeys: ["link", "name", "mediaType", "inline"] },
);

test("FED-870 FED-873 R-082 what a message says of its files comes out as it went in", () => {
  fc.assert(
    fc.property(fc.array(anyFile, { minLength: 1, maxLength: 8 }), fc.string(), (files, text) => {
      const read = roundTrip(text, files);
      expect(attachmentsOf(read)).toEqual({ files, refused: false });
      expect(hasFiles(read)).toBe(true);
      expect(textOf(read) ?? "").toBe(text);
    }),
    { numRuns: 100 },
  );
  expect(attachmentsOf(says("no file"))).toEqual({ files: [], refused: false });
});

test("FED-871 sides, durations and rotations stand in av_metadata, by part", () => {
  const facts = { kind: "video", width: 640, height: 480, durationMs: 1500 } as const;
  const preview = { mediaType: "image/webp", bytes: bytes(4) } as const;
  const read = roundTrip("look", [plain, { ...plain, facts: { ...facts, rotation: 90 }, preview }]);
  expect(read.extensions.get("av_metadata")).toEqual([
    new Map([
      [1, 3],
      [2, 3],
      [3, 640],
      [4, 480],
      [5, 1500],
      [6, 4],
      [8, 90],
    ]),
  ]);
});

test("FED-879 R-083 what a message's files are does not show in its length", () => {
  const length = (text: string, files: readonly Attachment[]) =>
    encodeContent(attachmentContent(says(text), files)).length;
  const preview = { mediaType: "image/webp", bytes: bytes(6000) } as const;
  const facts = { kind: "image", width: 9999, height: 9999 } as const;
  const picture = { ...plain, facts, preview, blur: bytes(25) };
  for (const count of [1, 2, 5]) {
    const of = (file: Attachment) => Array.from({ length: count }, () => file);
    const lengths = [length("", of(plain)), length("look at this", of(picture))];
    expect(lengths).toEqual([count * FILE_STEP_BYTES, count * FILE_STEP_BYTES]);
  }
  fc.assert(
    fc.property(fc.nat(50_000), (signs) => {
      const whole = length("x".repeat(signs), [plain]);
      expect(whole % FILE_STEP_BYTES === 0 || whole > 55 * 1024).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("a sender is told the bound that a wish is beyond", () => {
  const long = (name: keyof typeof ATTACHMENT_LIMITS) => ATTACHMENT_LIMITS[name] + 1;
  const preview = (length: number) => ({ mediaType: "image/png", bytes: bytes(length) }) as const;
  const wrong: readonly (readonly [string, readonly Attachment[]])[] = [
    ["filesMax", Array.from({ length: long("filesMax") }, () => plain)],
    ["nameMax", [{ ...plain, name: "x".repeat(long("nameMax")) }]],
    ["altMax", [{ ...plain, alt: "x".repeat(long("altMax")) }]],
    ["blurBytesMax", [{ ...plain, blur: bytes(long("blurBytesMax")) }]],
    ["waveformMax", [{ ...plain, waveform: bytes(long("waveformMax")) }]],
    ["previewBytesMax", [{ ...plain, preview: preview(long("previewBytesMax")) }]],
    [
      "previewsBytesMax",
      Array.from({ length: 4 }, () => ({
        ...plain,
        preview: preview(ATTACHMENT_LIMITS.previewBytesMax),
      })),
    ],
  ];
  for (const [limitName, files] of wrong) {
    expect(() => attachmentContent(says(""), files)).toThrow(
      expect.objectContaining({
        code: "limitExceeded",
        data: expect.objectContaining({ limitName }),
      }),
    );
  }
});

/** A message with one file, of which the extensions say this. */
function told(av: CborValue | undefined, own?: CborValue): MimiContent {
  const one = attachmentContent(says(""), [plain]);
  const extensions = new Map(one.extensions);
  if (av !== undefined) extensions.set("av_metadata", av);
  if (own !== undefined) extensions.set("vnd.treehouse.files", own);
  return { ...one, extensions };
}

const map = (...entries: readonly (readonly [number, CborValue])[]) => new Map(entries);

test("FED-872 T-31 what nobody can believe is passed over, and that is said", () => {
  const lies: readonly MimiContent[] = [
    told("no list"),
    told([1]),
    told([map([2, 2])]),
    told([map([1, 1], [2, 9])]),
    told([map([1, 1], [2, 2], [3, 1_000_000_000], [4, 1_000_000_000])]),
    told([map([1, 1], [2, 2], [3, 0], [4, 10])]),
    told([map([1, 1], [2, 2], [3, 10])]),
    told([map([1, 1], [2, 2], [3, -1], [4, 1])]),
    told([map([1, 1], [2, 1], [5, Number.MAX_SAFE_INTEGER])]),
    told([map([1, 1], [2, 1], [5, { float: 1.5 }])]),
    told([map([1, 1], [2, 2], [8, 45])]),
    told([map([1, 1], [6, 0])]),
    told([map([1, 1], [6, 99])]),
    told([map([1, 1], [6, "0"])]),
    told([map([1, 1], [7, "x".repeat(1001)])]),
    told([map([1, 1]), map([1, 1])]),
    told(undefined, [map([1, 1], [2, bytes(33)])]),
    told(undefined, [map([1, 1], [3, bytes(129)])]),
    told(undefined, [map([1, 1], [3, bytes(0)])]),
    told(undefined, [map([1, 1], [5, [bytes(32)]])]),
    told(undefined, [map([1, 1], [5, [bytes(31), bytes(32)]])]),
    told(undefined, [map([1, 1], [5, [bytes(32), new Uint8Array(32)]])]),
  ];
  for (const content of lies) {
    const { files, refused } = attachmentsOf(decodeContent(encodeContent(content)));
    expect([refused, files.length, files[0]?.link]).toEqual([true, 1, link]);
    expect([files[0]?.facts?.width, files[0]?.facts?.durationMs, files[0]?.preview]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }
});

test("FED-872 of a thousand files the first are shown, and alternatives are one", () => {
  const { body } = attachmentContent(says(""), [plain]);
  const file = body.kind === "multi" ? body.parts[0] : undefined;
  if (file?.kind !== "external") throw new Error("a message with files is a multipart");
  const typed = (contentType: string): NestedPart => ({ ...file, contentType });
  const many = (semantics: "processAll" | "chooseOne", parts: readonly NestedPart[]) =>
    attachmentsOf({
      ...says(""),
      body: { kind: "multi", disposition: 1, language: "", semantics, parts },
    });
  const all = many(
    "processAll",
    Array.from({ length: 1000 }, () => file),
  );
  expect([all.files.length, all.refused]).toEqual([ATTACHMENT_LIMITS.filesMax, true]);
  expect(many("chooseOne", [file, file]).files.length).toBe(1);
  const conference = typed("");
  expect(many("processAll", [conference, conference]).files).toEqual([]);
  const odd = typed("../../etc");
  expect(many("processAll", [odd, file]).files[0]?.mediaType).toBe("application/octet-stream");
});

test("whatever the extensions hold, the files are read", () => {
  const scalar: fc.Arbitrary<CborValue> = fc.oneof(
    fc.integer(),
    fc.string({ maxLength: 8 }),
    fc.constant(null),
    octets(40),
  );
  const noise = fc.array(
    fc.oneof(
      scalar,
      fc.array(fc.tuple(fc.nat(9), fc.oneof(scalar, fc.array(scalar)))).map((all) => new Map(all)),
    ),
  );
  fc.assert(
    fc.property(noise, noise, (av, own) => {
      const { files } = attachmentsOf(told(av, own));
      expect(files.length).toBe(1);
      // What was taken is within the bounds that a sender has to keep.
      expect(() => attachmentContent(says(""), files)).not.toThrow(Refusal);
    }),
    { numRuns: 300 },
  );
});
