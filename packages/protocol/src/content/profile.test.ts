import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, utf8Encode } from "../bytes/index.ts";
import { parseRoomUri, parseUserUri } from "../identifiers/index.ts";
import {
  decodeContent,
  encodeContent,
  MEDIA_TYPE_PROFILE,
  type Profile,
  profileContent,
  profileOf,
  textContent,
} from "./index.ts";

const senderUri = parseUserUri("mimi://example.org/u/alice");
const roomUri = parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const salt = fromHex("000102030405060708090a0b0c0d0e0f");
const place = { salt, senderUri, roomUri };

const word = fc.stringMatching(/^[a-zé漢😀]{1,20}$/u);
const anyProfile: fc.Arbitrary<Profile> = fc.record(
  {
    changedAt: fc.nat(),
    displayName: word,
    status: word,
    avatar: fc.record({
      mediaType: fc.constantFrom("image/png" as const, "image/webp" as const),
      data: fc.constantFrom("AA", "AAAA", "_-8"),
    }),
    details: fc.uniqueArray(fc.record({ kind: word, value: word }), {
      maxLength: 16,
      selector: ({ kind }) => kind,
    }),
  },
  { requiredKeys: ["changedAt"] },
);

test("FED-840 R-032 what a user says comes out of its content as it went in", () => {
  fc.assert(
    fc.property(anyProfile, (profile) => {
      const sent = encodeContent(profileContent({ ...place, profile }));
      expect(profileOf(decodeContent(sent))).toEqual(profile);
    }),
  );
  expect(profileOf(textContent({ ...place, text: "hello" }))).toBeUndefined();
});

test("FED-841 what is no profile, is too long or would deceive the eye is refused", () => {
  const wrong: readonly unknown[] = [
    undefined,
    [],
    {},
    { changedAt: -1 },
    { changedAt: 1, displayName: "" },
    { changedAt: 1, displayName: "   " },
    { changedAt: 1, displayName: "\u200D" },
    { changedAt: 1, displayName: "bob\nadmin" },
    { changedAt: 1, displayName: "\u202Ebob" },
    { changedAt: 1, displayName: "x".repeat(65) },
    { changedAt: 1, status: "x".repeat(257) },
    { changedAt: 1, avatar: { mediaType: "image/svg+xml", data: "AAAA" } },
    { changedAt: 1, avatar: { mediaType: "image/png", data: "A" } },
    { changedAt: 1, avatar: { mediaType: "image/png", data: "A".repeat(22_000) } },
    { changedAt: 1, details: Array.from({ length: 17 }, (_, n) => ({ kind: `${n}`, value: "x" })) },
    {
      changedAt: 1,
      details: [
        { kind: "web", value: "a" },
        { kind: "web", value: "b" },
      ],
    },
  ];
  for (const said of wrong) {
    const content = said === undefined ? fromHex("ff00") : utf8Encode(JSON.stringify(said));
    const whole = profileContent({ ...place, profile: { changedAt: 1 } });
    const contentType = MEDIA_TYPE_PROFILE;
    const body = { kind: "single", disposition: 3, language: "", contentType, content } as const;
    expect(() => profileOf({ ...whole, body })).toThrow(
      expect.objectContaining({ code: "invalidMessage" }),
    );
  }
});
