import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import {
  fromHex,
  LIMITS,
  mintRoomUri,
  parseAssetUri,
  parseDomain,
  parseUserUri,
  Refusal,
  type RoomUri,
  toHex,
  utf8Encode,
} from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";

import { encodePicture, named, openMetadata, pictureOf, sealMetadata } from "./room-about.ts";
import { decodeDetails, encodeDetails } from "./room-details.ts";
import { describeEvent, parseEvent } from "../room/room-event.ts";
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
      const sealed = sealMetadata(room, key, named(name), random);
      expect(openMetadata(room, key, sealed)).toEqual(named(name));
      expect(sealMetadata(room, key, named(other), random).length).toBe(sealed.length);
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
    readFileSync(new URL("../../../../federation-spec/vectors/mls.json", import.meta.url), "utf8"),
  );
  const key = fromHex(metadata.key);
  expect(decodeRoomSecrets(fromHex(metadata.roomSecrets))).toEqual({
    version: 1,
    metadataKey: key,
    audit: { number: metadata.audit.number, hash: fromHex(metadata.audit.hash) },
  });
  for (const { name, description, topic, picture, hex } of metadata.sealed) {
    const sealed = fromHex(hex);
    const about = { name, description, topic, picture: fromHex(picture) };
    expect(openMetadata(metadata.room, key, sealed)).toEqual(about);
    const nonce = () => sealed.slice(0, 24);
    expect(toHex(sealMetadata(metadata.room, key, about, nonce))).toBe(hex);
  }
});

test("FED-1141 whatever a room may say of itself has one of three lengths", () => {
  const key = random(32);
  const longest = {
    name: "n".repeat(LIMITS.nameBytesMax),
    description: "d".repeat(LIMITS.descriptionBytesMax),
    topic: "t".repeat(LIMITS.roomTopicBytesMax),
    picture: random(LIMITS.roomPictureLinkBytesMax),
  };
  const lengths = (["name", "description", "topic", "picture"] as const).map((field) => {
    const about = { ...named(""), [field]: longest[field] };
    return sealMetadata(room, key, about, random).length;
  });
  expect(lengths).toEqual([296, 2600, 1064, 1064]);
  const all = sealMetadata(room, key, longest, random);
  expect(all.length).toBe(2600);
  expect(openMetadata(room, key, all)).toEqual(longest);
});

test("FED-1142 a picture is an asset for those in the room, and small", () => {
  const link = {
    uri: parseAssetUri(`mimi://example.org/a/${"A".repeat(43)}`),
    size: 1000,
    encryption: "plain",
    key: random(16),
    nonce: random(12),
    hash: random(32),
    expires: 0,
    access: { kind: "room", room },
  } as const;
  const picture = encodePicture(room, link);
  expect(pictureOf(room, { ...named("x"), picture })).toEqual(link);
  const elsewhere = mintRoomUri(parseDomain("example.org"), random);
  expect(pictureOf(elsewhere, { ...named("x"), picture })).toBeUndefined();
  for (const bad of [picture.subarray(1), utf8Encode("?"), new Uint8Array()]) {
    expect(pictureOf(room, { ...named("x"), picture: new Uint8Array(bad) })).toBeUndefined();
  }
  const size = LIMITS.roomPictureBytesMax + 1;
  for (const wrong of [
    { ...link, size },
    { ...link, access: { kind: "own" } as const },
  ]) {
    expect(() => encodePicture(room, wrong)).toThrow(Refusal);
  }
});

type MetadataVectors = {
  readonly room: RoomUri;
  readonly key: string;
  readonly audit: { readonly number: number; readonly hash: string };
  readonly roomSecrets: string;
  readonly sealed: readonly {
    readonly name: string;
    readonly description: string;
    readonly topic: string;
    readonly picture: string;
    readonly hex: string;
  }[];
};

test("what is kept about a room comes back as it was", () => {
  for (const foundRequest of [undefined, Uint8Array.of(1, 2, 3)]) {
    const details = {
      version: 1,
      ...named("Küche 🍲"),
      topic: "Suppe",
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
    way: "member",
  } as const;
  expect(parseEvent(describeEvent(change))).toEqual(change);
  const fault = { kind: "fault", code: "undecryptable", text: "no key" } as const;
  expect(parseEvent(describeEvent(fault))).toEqual(fault);
  expect(() => parseEvent(utf8Encode('{"kind":"membership","by":"alice"}'))).toThrow(Error);
  expect(() => parseEvent(utf8Encode("{"))).toThrow(SyntaxError);
});
