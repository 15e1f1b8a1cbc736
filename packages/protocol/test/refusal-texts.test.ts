import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../src/index.ts";
import {
  concatBytes,
  decodeContent,
  decodeRoomState,
  decodeSafeAad,
  parseAddress,
  parseClientUri,
  parseDomain,
  parseGroupUri,
  parseRoomUri,
  parseUserUri,
  peekMlsMessage,
  problemOf,
  Refusal,
  refusedFrame,
  serverFrameCodec,
  utf8Encode,
} from "../src/index.ts";
import { structCases } from "./struct-cases.ts";

const CANARY = "canary-of-mine";
const canary = utf8Encode(CANARY);
const runs = { numRuns: process.env["TREEHOUSE_SCALE"] === "full" ? 400 : 20 };

const decoders: readonly ((bytes: Bytes) => unknown)[] = [
  ...structCases.map(({ reencode }) => reencode),
  decodeContent,
  decodeRoomState,
  decodeSafeAad,
  peekMlsMessage,
];

/** Encodings with the canary somewhere in them, with its length before it or without. */
const inputs = fc
  .tuple(fc.nat(), fc.nat(), fc.constantFrom(true, false), fc.integer({ min: 0, max: 1 }))
  .chain(([which, at, hasLength, cut]) => {
    const { encodings } = structCases[which % structCases.length] ?? never();
    const inserted = hasLength ? concatBytes(Uint8Array.of(canary.length), canary) : canary;
    return encodings.map((bytes) => {
      const place = at % (bytes.length + 1);
      return concatBytes(bytes.subarray(0, place), inserted, bytes.subarray(place + cut));
    });
  });

test("FED-505 no refusal repeats what was sent", () => {
  let refused = 0;
  const property = fc.property(inputs, (bytes) => {
    const told = decoders.flatMap((decode) => textOf(() => decode(bytes)));
    refused += told.length;
    expect(told.filter((text) => text.includes(CANARY))).toEqual([]);
  });
  fc.assert(property, runs);
  expect(refused).toBeGreaterThan(runs.numRuns);
});

test("FED-505 no refusal of an identifier repeats it", () => {
  const parsers = [parseAddress, parseDomain, parseUserUri, parseClientUri, parseRoomUri];
  const texts = ["", "@", "@a.example", "@A_B", "://a.example/u/a"].flatMap((rest) => [
    CANARY.toUpperCase() + rest,
    `mimi://a.example/r/${CANARY}${rest}`,
    `mimi://a.example:1/u/${CANARY}${rest}`,
  ]);
  const told = [...parsers, parseGroupUri].flatMap((parse) =>
    texts.flatMap((text) => textOf(() => parse(text))),
  );
  expect(told.length).toBeGreaterThan(texts.length);
  expect(told.filter((text) => text.includes(CANARY))).toEqual([]);
});

/** All that the asker is told over HTTP and in a frame, if it is refused. */
function textOf(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const frame = Buffer.from(serverFrameCodec.encode(refusedFrame(1, error))).toString("latin1");
    return [`${JSON.stringify(problemOf(error))} ${frame}`.toLowerCase()];
  }
}

function never(): never {
  throw new Error("unreachable");
}
