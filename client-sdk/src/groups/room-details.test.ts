import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import {
  fromHex,
  LIMITS,
  mintRoomUri,
  parseDomain,
  parseUserUri,
  Refusal,
  type RoomUri,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeDetails, encodeDetails, openMetadata, sealMetadata } from "./room-details.ts";
import { describeEvent, parseEvent } from "./room-event.ts";
import { decodeRoomSecrets } from "./room-secrets.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const room = mintRoomUri(parseDomain("example.org"), random);
const names = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .filter((name) => name.isWellFormed() && !name.includes("\0"))
  .filter((name) => utf8Encode(name).length <= LIMITS.nameBytesMax);

test("a room's name opens for who has the key, and its length is no hint for who has not", () => {
  fc.assert(
    fc.property(names, names, (name, other) => {
      const key = random(32);
      const sealed = sealMetadata(room, key, name, random);
      expect(openMetadata(room, key, sealed)).toBe(name);
      expect(sealMetadata(room, key, other, random).length).toBe(sealed.length);
      expect(openMetadata(room, random(32), sealed)).toBeUndefined();
      const elsewhere = mintRoomUri(parseDomain("example.org"), random);
      expect(openMetadata(elsewhere, key, sealed)).toBeUndefined();
      expect(openMetadata(room, key, sealed.subarray(1))).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});

test("FED-992 FED-993 the metadata of the specification's vectors opens", () => {
  const { metadata }: { readonly metadata: MetadataVectors } = JSON.parse(
    readFileSync(new URL("../../../federation-spec/vectors/mls.json", import.meta.url), "utf8"),
  );
  const key = fromHex(metadata.key);
  expect(decodeRoomSecrets(fromHex(metadata.roomSecrets))).toEqual({
    version: 1,
    metadataKey: key,
  });
  for (const { name, hex } of metadata.sealed) {
    const sealed = fromHex(hex);
    expect(openMetadata(metadata.room, key, sealed)).toBe(name);
    const nonce = () => sealed.slice(0, 24);
    expect(toHex(sealMetadata(metadata.room, key, name, nonce))).toBe(hex);
  }
});

type MetadataVectors = {
  readonly room: RoomUri;
  readonly key: string;
  readonly roomSecrets: string;
  readonly sealed: readonly { readonly name: string; readonly hex: string }[];
};

test("what is kept about a room comes back as it was", () => {
  for (const foundRequest of [undefined, Uint8Array.of(1, 2, 3)]) {
    const details = {
      version: 1,
      name: "Küche 🍲",
      metadataKey: random(32),
      joinedEpoch: 7,
      foundRequest,
    };
    expect(decodeDetails(encodeDetails(details))).toEqual(details);
    expect(() => decodeDetails(encodeDetails(details).subarray(1))).toThrow(Refusal);
  }
});

test("events of a room come back as they were, and nothing else does", () => {
  const by = parseUserUri("mimi://example.org/u/alice");
  const change = {
    kind: "membership",
    epoch: 3,
    by,
    added: [by],
    removed: [],
    changed: true,
    changedKeys: [],
  } as const;
  expect(parseEvent(describeEvent(change))).toEqual(change);
  const fault = { kind: "fault", code: "undecryptable", text: "no key" } as const;
  expect(parseEvent(describeEvent(fault))).toEqual(fault);
  expect(() => parseEvent(utf8Encode('{"kind":"membership","by":"alice"}'))).toThrow(Error);
  expect(() => parseEvent(utf8Encode("{"))).toThrow(SyntaxError);
});
