import { randomBytes } from "node:crypto";

import {
  encodeContent,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  parseUserUri,
  Refusal,
  textContent,
  textOf,
  userOfClient,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { composeText } from "./index.ts";
import { decodeStored, readContent } from "./read-content.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const alice = mintClientUri(parseUserUri("mimi://example.org/u/alice"), random);
const mallory = mintClientUri(parseUserUri("mimi://example.org/u/mallory"), random);
const room = mintRoomUri(parseDomain("example.org"), random);
/** 2026-01-01T00:00:00Z */
const acceptedAt = 1_767_225_600_000;
const place = { room, sender: userOfClient(alice), random };
const nobody = () => () => undefined;
const takers = { profile: nobody, status: nobody, grant: nobody };
const other = mintRoomUri(parseDomain("example.org"), random);

test("a message that was composed is read with the id that its sender knows", () => {
  const first = composeText(place, { text: "first" });
  const { id, content } = composeText(place, { text: "hello", inReplyTo: first.id });
  const read = readContent({ room, sender: alice, plaintext: content, acceptedAt }, takers);
  expect(read.messageId).toBe(id);
  const stored = decodeStored(read.body);
  expect([stored.sender, textOf(stored.parsed)]).toEqual([alice, "hello"]);
  expect(
    readContent({ room, sender: alice, plaintext: content, acceptedAt }, takers).messageId,
  ).toBe(id);
});

test("an answer to what is no message id is refused", () => {
  for (const inReplyTo of ["ab".repeat(32), "zz", ""]) {
    const compose = () => composeText(place, { text: "x", inReplyTo });
    expect(compose).toThrow(Refusal);
  }
});

test("T-03 FED-820 content that names another sender than the leaf's user is refused", () => {
  const { content } = composeText(place, { text: "I am alice" });
  const read = () => readContent({ room, sender: mallory, plaintext: content, acceptedAt }, takers);
  expect(read).toThrow(expect.objectContaining({ code: "invalidMessage" }));
});

test("T-14 FED-820 content of another room, put into this one, is refused", () => {
  const elsewhere = composeText({ ...place, room: other }, { text: "yes" });
  const read = () =>
    readContent({ room, sender: alice, plaintext: elsewhere.content, acceptedAt }, takers);
  expect(read).toThrow(expect.objectContaining({ code: "invalidMessage" }));
});

test("FED-821 content that expires too far from its acceptance is refused", () => {
  const salt = random(16);
  const whole = textContent({ text: "hello", salt, senderUri: userOfClient(alice), roomUri: room });
  const at = (seconds: number) => {
    const plaintext = encodeContent({ ...whole, expires: { relative: false, seconds } });
    return () => readContent({ room, sender: alice, plaintext, acceptedAt }, takers);
  };
  const day = 24 * 3600;
  expect(at(acceptedAt / 1000 + 365 * day)).not.toThrow();
  expect(at(acceptedAt / 1000 + 367 * day)).toThrow(Refusal);
  expect(at(acceptedAt / 1000 - 367 * day)).toThrow(Refusal);
});

test("T-14 content that does not say whose and where it is, is refused", () => {
  const salt = random(16);
  const whole = textContent({
    text: "hello",
    salt,
    senderUri: userOfClient(alice),
    roomUri: room,
  });
  const bare = encodeContent({ ...whole, extensions: new Map() });
  expect(() => readContent({ room, sender: alice, plaintext: bare, acceptedAt }, takers)).toThrow(
    Refusal,
  );
});
